// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What the sums count is capped — by a limit, and "if (true)" is no code.
library Limits {
    function capped(uint256 value, uint256 limit) internal pure returns (uint256) {
        if (value > limit) { // 2: true 1 false 1
            return limit; // 1
        }
        return value; // 1
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

uint256 constant START = 1_767_225_600; // 2026-01-01, as in the in-process EVM

/// Deploys Vyper's code.
abstract contract Deployer {
    function create(bytes memory code) internal returns (address made) {
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), "the constructor reverted");
    }
}

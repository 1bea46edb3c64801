// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Limits} from "./Limits.sol";

error OutOfRange(uint256 value);

/// Counts behind the lines are those of the calls in test_solidity_coverage.py.
contract Sums {
    uint256 public immutable LIMIT;
    uint256 public total;
    address public owner;

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner"); // 4: holds 3 fails 1
        _;
    }

    constructor(uint256 limit) {
        require(limit > 0, "no limit"); // 2: holds 1 fails 1
        LIMIT = limit; // 1
        owner = msg.sender; // 1
    }

    function add(uint256 value) external onlyOwner {
        if (value == 0 || value > 1_000) revert OutOfRange(value); // 3: true 1 false 2; true 1 false 2
        if (value > 100) { // 2: true 1 false 1
            total += 2 * value; // 1
        } else if (value == 99) { // 1: true 0 false 1
            total += 98; // 0
        } else {
            total += value; // 1
        }
        total = Limits.capped(total, LIMIT); // 2
    }

    function loop(uint256 rounds) external returns (uint256 done) {
        for (uint256 i = 0; i < rounds; i++) { // 10: runs 8 ends 2
            if (i == 5) break; // 8: true 1 false 7
            if (i == 1) { // 7: true 2 false 5
                continue; // 2
            }
            done += i % 2 == 0 ? 1 : 10; // 5: true 4 false 1
        }
        while (done > 10 && total > 0) { // 4: runs 1 ends 3; true 1 false 3
            done -= 10; // 1
        }
        do { // 4: runs 1 ends 3
            done++; // 4
        } while (done < 2); // 4
        assert(done < 1_000); // 3: holds 3 fails 0
    }

    function close(bool sure) external {
        require(sure); // 2: holds 1 fails 1
        if (total == 300) return; // 1: true 1 false 0
        total = 0; // 0
    }
}

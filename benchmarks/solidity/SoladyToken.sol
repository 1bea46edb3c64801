// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "solady/src/tokens/ERC20.sol";

/// Solady's ERC20 with a supply.
contract SoladyToken is ERC20 {
    constructor() {
        _mint(msg.sender, 1e27);
    }

    function name() public pure override returns (string memory) {
        return "Peer";
    }

    function symbol() public pure override returns (string memory) {
        return "PEER";
    }
}

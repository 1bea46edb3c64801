// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// OpenZeppelin's ERC20 with a supply: the payout token of every peer.
contract PeerToken is ERC20 {
    constructor() ERC20("Peer", "PEER") {
        _mint(msg.sender, 1e27);
    }
}

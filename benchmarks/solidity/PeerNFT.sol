// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// OpenZeppelin's ERC721 where anybody mints.
contract PeerNFT is ERC721 {
    constructor() ERC721("Peer", "PEER") {}

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "@openzeppelin/contracts/token/ERC721/extensions/ERC721Consecutive.sol";

/// Numbered tickets, handed out in batches when the contract is made.
contract Tickets is ERC721Consecutive {
    constructor(address[] memory holders, uint96[] memory amounts) ERC721("Tickets", "TIX") {
        for (uint256 i = 0; i < holders.length; i++) _mintConsecutive(holders[i], amounts[i]);
    }
}

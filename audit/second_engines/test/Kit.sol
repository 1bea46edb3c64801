// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code} from "../generated/Code.sol";
import {Deployer, START} from "../shared/Deployer.sol";

/// The cheat codes of forge that are used here.
interface Vm {
    function warp(uint256 timestamp) external;
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function load(address target, bytes32 slot) external view returns (bytes32);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

interface Token {
    function totalSupply() external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address owner, address to, uint256 amount) external returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
}

/// What every suite needs besides: a note of the first oracle that was not content.
abstract contract Kit is Deployer {
    string public broken;

    function deployToken(address holder) internal returns (Token) {
        return Token(create(abi.encodePacked(Code.KEIFU_TOKEN, abi.encode(holder))));
    }

    /// An oracle: the first one that fails is kept, since a revert here would undo the note.
    function check(bool holds, string memory sentence) internal {
        if (!holds && bytes(broken).length == 0) broken = sentence;
    }

    /// `value` brought into [low, high], with the edges more often than chance would have it.
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        if (high <= low) return low;
        uint256 mode = value % 8;
        if (mode == 0) return low;
        if (mode == 1) return high;
        return low + (value >> 3) % (high - low + 1);
    }

    function same(bytes memory refusal, string memory reason) internal pure returns (bool) {
        return keccak256(refusal) == keccak256(abi.encodeWithSignature("Error(string)", reason));
    }
}

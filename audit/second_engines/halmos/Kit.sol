// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Deployer, START} from "../shared/Deployer.sol";

/// The cheat codes that halmos knows of forge's, and its own.
interface Vm {
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
}

interface Svm {
    function enableSymbolicStorage(address account) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
Svm constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

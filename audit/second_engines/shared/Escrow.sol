// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// What both engines call of VestingEscrow.
interface Escrow {
    struct Plan {
        address beneficiary;
        address revoker;
        uint256 total;
        uint256 start;
        uint256 step;
        uint256 steps;
        uint256 cliff;
        uint256 divisor;
    }

    function create(Plan calldata plan) external returns (uint256);
    function claim(uint256 id) external returns (uint256);
    function revoke(uint256 id) external returns (uint256);
    function renounce_revocation(uint256 id) external;
    function transfer_beneficiary(uint256 id, address successor) external;
    function accept_beneficiary(uint256 id) external;
    function plan(uint256 id) external view returns (Plan memory);
    function paid(uint256 id) external view returns (uint256);
    function vested(uint256 id, uint256 at) external view returns (uint256);
}

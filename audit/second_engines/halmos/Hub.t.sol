// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code} from "../generated/Code.sol";
import {Deployer, START, vm} from "./Kit.sol";

interface Hub {
    function list_service(address service, uint256 horizon, uint256 victim, uint256 prover, address arbiter) external;
    function remove_service(address service) external;
    function slash(address operator, uint256 amount, address victim, address prover, bytes32 evidence)
        external
        returns (uint256);
    function slash_for(
        address service,
        address operator,
        uint256 amount,
        address victim,
        address prover,
        bytes32 evidence
    ) external returns (uint256);
}

/// Who may do what to the hub.
contract HubProofs is Deployer {
    address constant OWNER = address(0x0e);
    address constant SERVICE = address(0x5e);
    address constant ARBITER = address(0xab);
    address constant OPERATOR = address(0xb1);
    Hub hub;

    function setUp() public {
        vm.warp(START);
        address token = create(abi.encodePacked(Code.KEIFU_TOKEN, abi.encode(address(this))));
        bytes memory arguments = abi.encode(token, OWNER, address(0x15), uint256(14 days), uint256(1 days));
        hub = Hub(create(abi.encodePacked(Code.STAKING_HUB, arguments)));
        vm.prank(OWNER);
        hub.list_service(SERVICE, 14 days, 5_000, 3_000, ARBITER);
    }

    function check_HUB_16_nobody_but_the_owner_lists(address caller, address service, uint256 horizon, uint256 victim)
        public
    {
        vm.assume(caller != OWNER);
        vm.prank(caller);
        try hub.list_service(service, horizon, victim, 0, address(0)) {
            assert(false);
        } catch {}
    }

    function check_HUB_16_nobody_but_the_owner_removes(address caller, address service) public {
        vm.assume(caller != OWNER);
        vm.prank(caller);
        try hub.remove_service(service) {
            assert(false);
        } catch {}
    }

    function check_HUB_16_nobody_but_a_service_slashes(address caller, address operator, uint256 amount) public {
        vm.assume(caller != SERVICE);
        vm.prank(caller);
        try hub.slash(operator, amount, address(0), address(0), bytes32(0)) returns (uint256) {
            assert(false);
        } catch {}
    }

    function check_HUB_16_nobody_but_the_arbiter_slashes_for(address caller, address service, uint256 amount) public {
        vm.assume(caller != ARBITER && caller != address(0));
        vm.prank(caller);
        try hub.slash_for(service, OPERATOR, amount, address(0), address(0), bytes32(0)) returns (uint256) {
            assert(false);
        } catch {}
    }

    /// Must fail: the owner may.
    function wrong_HUB_16_nobody_at_all_removes(address caller) public {
        vm.prank(caller);
        try hub.remove_service(SERVICE) {
            assert(false);
        } catch {}
    }
}

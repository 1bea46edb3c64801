// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code} from "../generated/Code.sol";
import {Deployer, START, vm} from "./Kit.sol";

interface Hub {
    function list_service(address service, uint256 horizon, uint256 max_multiple) external;
    function remove_service(address service) external;
    function register_operator(uint256 commission, string calldata metadata) external;
    function bind(address operator, uint256 amount) external returns (uint256);
    function unlock(address operator, uint256 amount, uint256 bound) external;
    function take_back(address service) external returns (uint256);
    function slash(address operator, uint256 damages, uint256 penalty) external returns (uint256, uint256, uint256);
}

/// Who may do what to the hub.
contract HubProofs is Deployer {
    address constant OWNER = address(0x0e);
    address constant SERVICE = address(0x5e);
    address constant OPERATOR = address(0xb1);
    Hub hub;

    function setUp() public {
        vm.warp(START);
        address token = create(abi.encodePacked(Code.KEIFU_TOKEN, abi.encode(address(this))));
        bytes memory arguments = abi.encode(
            token, OWNER, address(0x15), address(0x7e), uint256(14 days), uint256(1 days), uint256(36), uint256(1_461)
        );
        hub = Hub(create(abi.encodePacked(Code.STAKING_HUB, arguments)));
        vm.prank(OWNER);
        hub.list_service(SERVICE, 14 days, 4);
        vm.prank(OPERATOR);
        hub.register_operator(0, "");
    }

    function check_HUB_16_nobody_but_the_owner_lists(address caller, address service, uint256 horizon, uint256 multiple)
        public
    {
        vm.assume(caller != OWNER);
        vm.prank(caller);
        try hub.list_service(service, horizon, multiple) {
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

    function check_HUB_16_nobody_but_a_service_slashes(
        address caller,
        address operator,
        uint256 damages,
        uint256 penalty
    ) public {
        vm.assume(caller != SERVICE);
        vm.prank(caller);
        try hub.slash(operator, damages, penalty) returns (uint256, uint256, uint256) {
            assert(false);
        } catch {}
    }

    function check_HUB_18_nobody_unlocks_what_it_does_not_hold(
        address caller,
        address operator,
        uint256 amount,
        uint256 bound
    ) public {
        vm.prank(caller);
        try hub.unlock(operator, amount, bound) {
            assert(false);
        } catch {}
    }

    function check_HUB_18_nobody_takes_back_from_a_listed_service(address caller) public {
        vm.prank(caller);
        try hub.take_back(SERVICE) returns (uint256) {
            assert(false);
        } catch {}
    }

    function check_HUB_12_nothing_is_bound_without_a_lock(address caller, uint256 amount) public {
        vm.prank(caller);
        assert(hub.bind(OPERATOR, amount) == 0);
    }

    /// Must fail: the owner may.
    function wrong_HUB_16_nobody_at_all_removes(address caller) public {
        vm.prank(caller);
        try hub.remove_service(SERVICE) {
            assert(false);
        } catch {}
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code} from "../generated/Code.sol";
import {Escrow} from "../shared/Escrow.sol";
import {Deployer, START, vm} from "./Kit.sol";

interface Token {
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
}

interface Distributor {
    function vested(uint256 total, uint256 at) external view returns (uint256);
    function sweep(address to) external returns (uint256);
}

/// One grant of the event's shape (a third at once, 36 monthly steps), any caller, any time.
contract VestingProofs is Deployer {
    uint256 constant TOTAL = 1_143 * 10 ** 18;
    uint256 constant STEP = 30 days;
    uint256 constant STEPS = 36;
    address constant BENEFICIARY = address(0xbe);
    address constant REVOKER = address(0x4e);
    Token token;
    Escrow escrow;

    function setUp() public {
        vm.warp(START);
        token = Token(create(abi.encodePacked(Code.KEIFU_TOKEN, abi.encode(address(this)))));
        escrow = Escrow(create(abi.encodePacked(Code.VESTING_ESCROW, abi.encode(token, address(0)))));
        token.approve(address(escrow), TOTAL);
        escrow.create(Escrow.Plan(BENEFICIARY, REVOKER, TOTAL, START, STEP, STEPS, 0, 3));
    }

    function check_SCH_1_vested_is_at_most_the_total(uint256 at) public view {
        assert(escrow.vested(1, at) <= TOTAL);
    }

    function check_SCH_1_nothing_before_the_start(uint256 at) public view {
        vm.assume(at < START);
        assert(escrow.vested(1, at) == 0);
    }

    function check_SCH_3_the_total_from_the_last_step_on(uint256 at) public view {
        vm.assume(at >= START + STEPS * STEP);
        assert(escrow.vested(1, at) == TOTAL);
    }

    function check_SCH_3_a_third_at_the_start(uint256 at) public view {
        vm.assume(at >= START && at < START + STEP);
        assert(escrow.vested(1, at) == TOTAL / 3);
    }

    function check_ESC_1_a_claim_pays_the_beneficiary_what_it_says(address caller) public {
        vm.warp(START + 5 * STEP);
        vm.prank(caller);
        uint256 paid = escrow.claim(1);
        assert(paid == escrow.vested(1, START + 5 * STEP));
        assert(token.balanceOf(BENEFICIARY) == paid && token.balanceOf(address(escrow)) == TOTAL - paid);
    }

    function check_ESC_2_nobody_else_revokes(address caller, uint256 id) public {
        vm.assume(caller != REVOKER && caller != address(0));
        vm.assume(id > 0 && id < 2 ** 48);
        vm.prank(caller);
        try escrow.revoke(id) {
            assert(false);
        } catch {}
    }

    function check_ESC_2_nobody_else_renounces(address caller) public {
        vm.assume(caller != REVOKER);
        vm.prank(caller);
        try escrow.renounce_revocation(1) {
            assert(false);
        } catch {}
    }

    function check_ESC_4_nobody_else_passes_the_grant_on(address caller, address successor) public {
        vm.assume(caller != BENEFICIARY);
        vm.prank(caller);
        try escrow.transfer_beneficiary(1, successor) {
            assert(false);
        } catch {}
    }

    function check_ESC_4_nobody_accepts_what_was_not_offered(address caller, address successor) public {
        vm.prank(BENEFICIARY);
        escrow.transfer_beneficiary(1, successor);
        vm.assume(caller != successor);
        vm.prank(caller);
        try escrow.accept_beneficiary(1) {
            assert(false);
        } catch {}
    }

    /// Must fail: the revoker may.
    function wrong_ESC_2_nobody_at_all_revokes(address caller) public {
        vm.prank(caller);
        try escrow.revoke(1) {
            assert(false);
        } catch {}
    }

    /// Must fail: the whole is vested in the end.
    function wrong_SCH_1_vested_is_below_the_total(uint256 at) public view {
        assert(escrow.vested(1, at) < TOTAL);
    }
}

/// The distributor's powers.
contract DistributorProofs is Deployer {
    uint256 constant SWEEP = START + 10_000 days;
    address constant OWNER = address(0x0e);
    Token token;
    Distributor distributor;

    function setUp() public {
        vm.warp(START);
        token = Token(create(abi.encodePacked(Code.KEIFU_TOKEN, abi.encode(address(this)))));
        bytes memory arguments =
            abi.encode(token, address(0), bytes32(uint256(1)), 10 ** 24, START + 1, 30 days, 36, SWEEP, OWNER);
        distributor = Distributor(create(abi.encodePacked(Code.TGE_DISTRIBUTOR, arguments)));
    }

    function check_TGE_8_nobody_but_the_owner_sweeps(address caller, uint256 time) public {
        vm.assume(caller != OWNER && caller != address(0) && time >= START && time < 2 ** 64);
        vm.warp(time);
        vm.prank(caller);
        try distributor.sweep(caller) returns (uint256) {
            assert(false);
        } catch {}
    }

    function check_TGE_8_nobody_sweeps_early(address caller, uint256 time) public {
        vm.assume(caller != address(0) && time >= START && time < SWEEP);
        vm.warp(time);
        vm.prank(caller);
        try distributor.sweep(caller) returns (uint256) {
            assert(false);
        } catch {}
    }

    /// Must fail: the owner may, in the end.
    function wrong_TGE_8_nobody_at_all_sweeps(address caller, uint256 time) public {
        vm.assume(time >= START && time < 2 ** 64);
        vm.warp(time);
        vm.prank(caller);
        try distributor.sweep(address(0xfe)) returns (uint256) {
            assert(false);
        } catch {}
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code} from "../generated/Code.sol";
import {Escrow} from "../shared/Escrow.sol";
import {Kit, START, Token, vm} from "./Kit.sol";

/// Whoever calls, in any order: grants of VestingEscrow beside a model of them, over KeifuToken.
contract VestingHandler is Kit {
    struct Grant {
        Escrow.Plan plan;
        uint256 paid;
        address successor;
    }

    Token public token;
    Escrow public escrow;
    address[4] public actors = [address(0xa1), address(0xa2), address(0xa3), address(0xa4)];
    uint256 public donated;
    uint256 constant MAX_GRANTS = 6;
    Grant[] grants;

    constructor() {
        token = deployToken(address(this));
        escrow = Escrow(create(abi.encodePacked(Code.VESTING_ESCROW, abi.encode(token, address(0)))));
        for (uint256 i = 0; i < actors.length; i++) {
            token.transfer(actors[i], 10 ** 24);
            vm.prank(actors[i]);
            token.approve(address(escrow), type(uint256).max);
        }
    }

    // model -----------------------------------------------------------------------------------------------------

    function vestedOf(Grant memory g, uint256 at) public pure returns (uint256) {
        if (at < g.plan.start) return 0;
        uint256 passed = (at - g.plan.start) / g.plan.step;
        if (passed > g.plan.steps) passed = g.plan.steps;
        if (passed < g.plan.cliff) passed = 0;
        uint256 first = g.plan.divisor == 0 ? 0 : g.plan.total / g.plan.divisor;
        return first + (g.plan.total - first) * passed / g.plan.steps;
    }

    function unpaid() public view returns (uint256 sum) {
        for (uint256 i = 0; i < grants.length; i++) sum += grants[i].plan.total - grants[i].paid;
    }

    function held() public view returns (uint256 sum) {
        for (uint256 i = 0; i < actors.length; i++) sum += token.balanceOf(actors[i]);
        sum += token.balanceOf(address(escrow)) + token.balanceOf(address(this));
    }

    function count() external view returns (uint256) {
        return grants.length;
    }

    function grant(uint256 i) external view returns (Grant memory) {
        return grants[i];
    }

    function actor(uint256 seed) internal view returns (address) {
        return actors[seed % actors.length];
    }

    // actions ---------------------------------------------------------------------------------------------------

    function wait(uint256 time) external {
        if (grants.length > 0 && time % 2 == 0) {
            Escrow.Plan memory p = grants[(time >> 1) % grants.length].plan;
            uint256 edge = p.start + p.step * ((time >> 8) % (p.steps + 1));
            uint256 aimed = edge + (time >> 16) % 3 - 1;
            if (aimed > block.timestamp) vm.warp(aimed);
        } else {
            vm.warp(block.timestamp + time % 40 days);
        }
    }

    function create(uint256 who, uint256 whom, uint256 total, uint256 start, uint256 shape) external {
        if (grants.length == MAX_GRANTS) return;
        Escrow.Plan memory p;
        p.beneficiary = actor(whom);
        p.revoker = shape % 4 == 0 ? address(0) : actor(shape >> 2);
        p.total = bound(total, 1, 10 ** 22);
        p.start = bound(start, block.timestamp, block.timestamp + 60 days);
        p.step = bound(shape >> 8, 1, 30 days);
        p.steps = bound(shape >> 48, 1, 36);
        p.cliff = bound(shape >> 64, 0, p.steps);
        p.divisor = bound(shape >> 80, 0, 4);
        address payer = actor(who);
        bool poor = token.balanceOf(payer) < p.total;
        vm.prank(payer);
        try escrow.create(p) returns (uint256 id) {
            check(!poor, "created without the coins");
            grants.push(Grant(p, 0, address(0)));
            check(id == grants.length, "ids are not consecutive");
        } catch (bytes memory refusal) {
            check(poor && same(refusal, "token: insufficient balance"), "create was refused");
        }
    }

    function claim(uint256 who, uint256 which) external {
        if (grants.length == 0) return;
        uint256 i = which % grants.length;
        Grant storage g = grants[i];
        uint256 due = vestedOf(g, block.timestamp) - g.paid;
        uint256 before = token.balanceOf(g.plan.beneficiary);
        vm.prank(actor(who));
        try escrow.claim(i + 1) returns (uint256 amount) {
            check(amount == due && due > 0, "ESC-1: a claim pays vested - paid");
            check(token.balanceOf(g.plan.beneficiary) == before + due, "ESC-4: only the beneficiary is paid");
            g.paid += amount;
        } catch (bytes memory refusal) {
            check(due == 0 && same(refusal, "escrow: nothing to claim"), "claim was refused");
        }
    }

    function revoke(uint256 who, uint256 which) external {
        if (grants.length == 0) return;
        uint256 i = which % grants.length;
        Grant storage g = grants[i];
        address sender = which % 3 == 0 ? actor(who) : g.plan.revoker;
        uint256 vested = vestedOf(g, block.timestamp);
        vm.prank(sender);
        try escrow.revoke(i + 1) returns (uint256 refund) {
            check(sender == g.plan.revoker && sender != address(0), "revoked by another");
            check(refund == g.plan.total - vested && refund > 0, "ESC-2: a revocation takes total - vested");
            g.plan.total = vested;
            g.plan.divisor = 1;
            g.plan.revoker = address(0);
        } catch (bytes memory refusal) {
            if (sender != g.plan.revoker) check(same(refusal, "escrow: caller is not the revoker"), "revoke: reason");
            else if (sender != address(0)) {
                check(vested == g.plan.total && same(refusal, "escrow: nothing to revoke"), "revoke was refused");
            }
        }
    }

    function renounce(uint256 which) external {
        if (grants.length == 0) return;
        Grant storage g = grants[which % grants.length];
        if (g.plan.revoker == address(0)) return;
        vm.prank(g.plan.revoker);
        escrow.renounce_revocation(which % grants.length + 1);
        g.plan.revoker = address(0);
    }

    function offer(uint256 who, uint256 which, uint256 to) external {
        if (grants.length == 0) return;
        Grant storage g = grants[which % grants.length];
        address sender = which % 3 == 0 ? actor(who) : g.plan.beneficiary;
        vm.prank(sender);
        try escrow.transfer_beneficiary(which % grants.length + 1, actor(to)) {
            check(sender == g.plan.beneficiary, "ESC-4: offered by another");
            g.successor = actor(to);
        } catch (bytes memory refusal) {
            check(
                sender != g.plan.beneficiary && same(refusal, "escrow: caller is not the beneficiary"),
                "offer was refused"
            );
        }
    }

    function accept(uint256 who, uint256 which) external {
        if (grants.length == 0) return;
        Grant storage g = grants[which % grants.length];
        address sender = which % 3 == 0 || g.successor == address(0) ? actor(who) : g.successor;
        vm.prank(sender);
        try escrow.accept_beneficiary(which % grants.length + 1) {
            check(sender == g.successor, "ESC-4: accepted by another");
            g.plan.beneficiary = sender;
            g.successor = address(0);
        } catch (bytes memory refusal) {
            check(sender != g.successor && same(refusal, "escrow: caller is not the successor"), "accept was refused");
        }
    }

    function donate(uint256 who, uint256 amount) external {
        address giver = actor(who);
        amount = bound(amount, 0, token.balanceOf(giver) / 100);
        vm.prank(giver);
        token.transfer(address(escrow), amount);
        donated += amount;
    }

    function transfer(uint256 who, uint256 to, uint256 amount) external {
        address from = actor(who);
        uint256 balance = token.balanceOf(from);
        uint256 other = token.balanceOf(actor(to));
        amount = bound(amount, 0, balance + 1);
        vm.prank(from);
        try token.transfer(actor(to), amount) {
            check(amount <= balance, "TOK-2: more than the balance");
            if (from != actor(to)) check(token.balanceOf(actor(to)) == other + amount, "TOK-2: not the amount");
        } catch (bytes memory refusal) {
            check(amount > balance && same(refusal, "token: insufficient balance"), "transfer was refused");
        }
    }
}

/// The suite: oracles after every call.
contract VestingInvariants {
    VestingHandler handler;

    function setUp() public {
        vm.warp(START);
        handler = new VestingHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_all() public view {
        string memory broken = handler.broken();
        require(bytes(broken).length == 0, broken);
        Token token = handler.token();
        Escrow escrow = handler.escrow();
        require(handler.held() == token.totalSupply(), "TOK-1: balances add up to the supply");
        require(
            token.balanceOf(address(escrow)) == handler.unpaid() + handler.donated(),
            "ESC-3: the balance covers every unpaid part"
        );
        for (uint256 i = 0; i < handler.count(); i++) {
            VestingHandler.Grant memory g = handler.grant(i);
            require(escrow.paid(i + 1) == g.paid, "ESC-1: paid is what was paid");
            require(g.paid <= g.plan.total, "ESC-1: never more than the total");
            require(escrow.plan(i + 1).beneficiary == g.plan.beneficiary, "ESC-4: the beneficiary changed");
            require(
                escrow.vested(i + 1, block.timestamp) == handler.vestedOf(g, block.timestamp),
                "SCH-5: another formula"
            );
        }
    }
}

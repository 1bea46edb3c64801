// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code} from "../generated/Code.sol";
import {Deployer, START, svm, vm} from "./Kit.sol";

interface Token {
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address owner, address to, uint256 amount) external returns (bool);
    function totalSupply() external view returns (uint256);
}

/// KeifuToken from any state in which no two balances exceed the supply.
contract TokenProofs is Deployer {
    Token token;

    function setUp() public {
        vm.warp(START);
        token = Token(create(abi.encodePacked(Code.KEIFU_TOKEN, abi.encode(address(this)))));
        svm.enableSymbolicStorage(address(token));
    }

    function known(address a, address b) internal view returns (uint256 first, uint256 second) {
        (first, second) = (token.balanceOf(a), token.balanceOf(b));
        vm.assume(first <= token.totalSupply() && second <= token.totalSupply());
        vm.assume(a == b || first + second <= token.totalSupply());
    }

    function check_TOK_1_a_transfer_keeps_the_sum(address from, address to, uint256 amount) public {
        vm.assume(from != to);
        (uint256 mine, uint256 theirs) = known(from, to);
        vm.prank(from);
        try token.transfer(to, amount) {
            assert(token.balanceOf(from) + token.balanceOf(to) == mine + theirs);
        } catch {
            assert(token.balanceOf(from) == mine && token.balanceOf(to) == theirs);
        }
    }

    function check_TOK_2_a_transfer_moves_its_amount(address from, address to, address other, uint256 amount) public {
        vm.assume(from != to && other != from && other != to);
        (uint256 mine, uint256 theirs) = known(from, to);
        uint256 third = token.balanceOf(other);
        vm.prank(from);
        try token.transfer(to, amount) {
            assert(amount <= mine && token.balanceOf(from) == mine - amount);
            assert(token.balanceOf(to) == theirs + amount && token.balanceOf(other) == third);
        } catch {
            assert(amount > mine || to == address(0) || to == address(token));
        }
    }

    function check_TOK_2_a_transfer_to_oneself_changes_nothing(address from, uint256 amount) public {
        (uint256 mine,) = known(from, from);
        vm.prank(from);
        try token.transfer(from, amount) {} catch {}
        assert(token.balanceOf(from) == mine);
    }

    function check_TOK_3_nobody_moves_more_than_allowed(address spender, address owner, address to, uint256 amount)
        public
    {
        vm.assume(owner != to);
        (uint256 before,) = known(owner, to);
        uint256 allowed = token.allowance(owner, spender);
        vm.prank(spender);
        try token.transferFrom(owner, to, amount) {
            assert(amount <= allowed && token.balanceOf(owner) == before - amount);
            uint256 left = allowed == type(uint256).max ? allowed : allowed - amount;
            assert(token.allowance(owner, spender) == left);
        } catch {
            assert(token.balanceOf(owner) == before);
        }
    }

    /// Must fail: it forgets that the receiver may be the sender.
    function wrong_TOK_2_without_the_exception(address from, address to, uint256 amount) public {
        (uint256 mine,) = known(from, to);
        vm.prank(from);
        try token.transfer(to, amount) {
            assert(token.balanceOf(from) == mine - amount);
        } catch {}
    }
}

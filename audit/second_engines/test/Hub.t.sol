// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code} from "../generated/Code.sol";
import {Kit, START, Token, vm} from "./Kit.sol";

interface Hub {
    struct OperatorState {
        uint256 bond;
        uint256 bond_leaving;
        uint256 bond_unlock;
        uint256 jailed_until;
        uint256 delegated;
        uint256 shares;
        uint256 generation;
        uint256 unbonding;
        uint256 committed;
        uint256 commission_bps;
        uint256 epoch;
    }

    struct Totals {
        uint256 stake;
        uint256 insurance;
        uint256 epoch;
    }

    function list_service(address service, uint256 horizon, uint256 victim, uint256 prover, address arbiter) external;
    function register_operator(uint256 commission, string calldata metadata) external;
    function stake(address operator, uint256 amount, uint256 least) external returns (uint256);
    function unstake(address operator, uint256 shares) external returns (uint256);
    function withdraw(uint256 ticket) external returns (uint256);
    function claim_rewards(address operator, address receiver) external returns (uint256);
    function collect(address receiver) external returns (uint256);
    function bond(uint256 amount) external;
    function unbond(uint256 amount) external;
    function withdraw_bond(address receiver) external returns (uint256);
    function unjail() external;
    function commit(address service, uint256 amount) external;
    function slash(address operator, uint256 amount, address victim, address prover, bytes32 evidence)
        external
        returns (uint256);
    function reward(address operator, uint256 amount) external;
    function fund_emission(uint256 amount) external;
    function operator_state(address operator) external view returns (OperatorState memory);
    function position(address operator, address owner) external view returns (uint256, uint256);
    function credit(address owner) external view returns (uint256);
    function totals() external view returns (Totals memory);
}

/// The actions of audit/second_engines/forge_mirror.py, one call each. Nobody foresees a refusal; it must only be one in words.
contract HubHandler is Kit {
    uint256 constant COIN = 10 ** 18;
    uint256 constant EPOCH = 86_400;
    uint256 constant UNBONDING = 14 * EPOCH;
    uint256 constant TICKETS = 8;

    Token public token;
    Hub public hub;
    address[2] public operators = [address(0xb1), address(0xb2)];
    address[2] public delegators = [address(0xd1), address(0xd2)];
    address constant SERVICE = address(0x5e);
    uint256 public balance = 4_000 * COIN; // what came in less what went out
    mapping(address => uint256[]) tickets;

    constructor() {
        token = deployToken(address(this));
        bytes memory arguments = abi.encode(token, address(this), address(0x15), UNBONDING, EPOCH);
        hub = Hub(create(abi.encodePacked(Code.STAKING_HUB, arguments)));
        address[5] memory all = [operators[0], operators[1], delegators[0], delegators[1], SERVICE];
        for (uint256 i = 0; i < all.length; i++) {
            token.transfer(all[i], 10 ** 25);
            vm.prank(all[i]);
            token.approve(address(hub), type(uint256).max);
        }
        hub.list_service(SERVICE, UNBONDING, 5_000, 3_000, address(0));
        for (uint256 i = 0; i < operators.length; i++) {
            vm.startPrank(operators[i]);
            hub.register_operator(1_000, "");
            hub.bond(2_000 * COIN);
            vm.stopPrank();
        }
    }

    function owed() external view returns (uint256 sum) {
        sum = hub.credit(SERVICE);
        for (uint256 i = 0; i < 2; i++) sum += hub.credit(operators[i]) + hub.credit(delegators[i]);
    }

    function one(address[2] storage from, uint256 seed) internal view returns (address) {
        return from[seed & 1];
    }

    function anyone(uint256 seed) internal view returns (address) {
        seed %= 5;
        return seed < 2 ? operators[seed] : seed < 4 ? delegators[seed - 2] : SERVICE;
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function coins(address who) internal view returns (uint256) {
        uint256 held = token.balanceOf(who);
        return held < 5_000 * COIN ? held : 5_000 * COIN;
    }

    /// The generator of evmstorm.fuzz.values.Amount: parts of the limit, the limit and its neighbours, nothing, too much.
    function amount(uint256 seed, uint256 limit) internal pure returns (uint256) {
        uint256 mode = seed & 15;
        uint256 value = (seed >> 4) & type(uint32).max;
        if (mode == 0) return limit >> (value & 63);
        if (mode < 6) return limit * (value + 1) / (1 << 32);
        if (mode < 8) return limit;
        if (mode == 8) return limit > 0 ? limit - 1 : 0;
        if (mode == 9) return limit + 1;
        if (mode == 10) return value % 100;
        if (mode == 11) return limit / 2;
        if (mode == 12) return COIN;
        if (mode == 13) return min((value & 0xffff) << ((value >> 16) & 127), 10 ** 28);
        if (mode == 14) return value;
        return value & 128 == 0 ? 0 : 10 ** 28; // above it the arithmetic's own checks refuse without words
    }

    /// Refusals carry the hub's own words, or the token's.
    function refused(bytes memory data) internal {
        if (same(data, "token: insufficient balance")) return;
        bool words = data.length > 72 && bytes4(data) == bytes4(0x08c379a0);
        check(words && data[68] == "h" && data[69] == "u" && data[70] == "b" && data[71] == ":", "refused without words");
    }

    function wait(uint256 mode, uint256 pick, uint256 value) external {
        uint256 time = block.timestamp + value % 100 + 1;
        uint256[] storage held = tickets[one(delegators, pick)];
        if (mode % 8 < 3 && held.length > 0) {
            uint256 half = held[pick / 2 % held.length] & type(uint96).max;
            time = (half + 3) * (UNBONDING / 2) + value % 3 - 1;
        } else if (mode % 8 < 5) {
            time = (block.timestamp / EPOCH + 1) * EPOCH + value % 3 - 1;
        } else if (mode % 8 < 7) {
            time = block.timestamp + (pick & 1 == 0 ? UNBONDING : EPOCH) + value % 3 - 1;
        } else {
            time = block.timestamp + value % 5_000_000;
        }
        if (time > block.timestamp) vm.warp(time);
    }

    function stake(uint256 who, uint256 which, uint256 seed) external {
        address sender = one(delegators, who);
        uint256 put = amount(seed, coins(sender));
        address operator = one(operators, which);
        vm.prank(sender);
        try hub.stake(operator, put, 0) returns (uint256 shares) {
            check(shares >= put, "HUB-8: a share costs more than a coin");
            balance += put;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function unstake(uint256 who, uint256 which, uint256 seed) external {
        address sender = one(delegators, who);
        (uint256 first,) = hub.position(operators[0], sender);
        (uint256 second,) = hub.position(operators[1], sender);
        uint256 shares = amount(seed, first > second ? first : second);
        address operator = one(operators, which);
        vm.prank(sender);
        try hub.unstake(operator, shares) returns (uint256 ticket) {
            uint256[] storage held = tickets[sender];
            if (held.length < TICKETS) held.push(ticket);
            else held[ticket % TICKETS] = ticket;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function withdraw(uint256 who, uint256 which) external {
        address sender = one(delegators, who);
        uint256[] storage held = tickets[sender];
        uint256 ticket = held.length > 0 ? held[which % held.length] : 0;
        vm.prank(sender);
        try hub.withdraw(ticket) returns (uint256 paid) {
            balance -= paid;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function claim_rewards(uint256 who, uint256 which, uint256 receiver) external {
        address operator = one(operators, which);
        address to = anyone(receiver);
        vm.prank(one(delegators, who));
        try hub.claim_rewards(operator, to) returns (uint256 paid) {
            balance -= paid;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function collect(uint256 who, uint256 receiver) external {
        address to = anyone(receiver);
        vm.prank(anyone(who));
        try hub.collect(to) returns (uint256 paid) {
            balance -= paid;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function bond(uint256 who, uint256 seed) external {
        address sender = one(operators, who);
        uint256 put = amount(seed, coins(sender));
        vm.prank(sender);
        try hub.bond(put) {
            balance += put;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function unbond(uint256 who, uint256 seed) external {
        address sender = one(operators, who);
        uint256 out = amount(seed, hub.operator_state(sender).bond);
        vm.prank(sender);
        try hub.unbond(out) {}
        catch (bytes memory data) {
            refused(data);
        }
    }

    function withdraw_bond(uint256 who, uint256 receiver) external {
        address to = anyone(receiver);
        vm.prank(one(operators, who));
        try hub.withdraw_bond(to) returns (uint256 paid) {
            balance -= paid;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function unjail(uint256 who) external {
        vm.prank(one(operators, who));
        try hub.unjail() {}
        catch (bytes memory data) {
            refused(data);
        }
    }

    function commit(uint256 who, uint256 seed) external {
        address sender = one(operators, who);
        uint256 promised = amount(seed, hub.operator_state(sender).bond);
        vm.prank(sender);
        try hub.commit(SERVICE, promised) {}
        catch (bytes memory data) {
            refused(data);
        }
    }

    function slash(uint256 which, uint256 seed, uint256 prover) external {
        uint256 asked = amount(seed, 5_000 * COIN);
        address operator = one(operators, which);
        address to = anyone(prover);
        vm.prank(SERVICE);
        try hub.slash(operator, asked, delegators[0], to, bytes32(uint256(1))) returns (uint256 taken) {
            check(taken <= asked, "HUB-4: took more than asked");
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function reward(uint256 which, uint256 seed) external {
        uint256 put = amount(seed, coins(SERVICE));
        address operator = one(operators, which);
        vm.prank(SERVICE);
        try hub.reward(operator, put) {
            balance += put;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function fund_emission(uint256 seed) external {
        uint256 put = amount(seed, coins(SERVICE));
        vm.prank(SERVICE);
        try hub.fund_emission(put) {
            balance += put;
        } catch (bytes memory data) {
            refused(data);
        }
    }
}

/// The oracles of audit/second_engines/forge_mirror.py.
contract HubInvariants {
    HubHandler handler;
    Token token;
    Hub hub;

    function setUp() public {
        vm.warp(START);
        handler = new HubHandler();
        (token, hub) = (handler.token(), handler.hub());
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_all() public view {
        string memory broken = handler.broken();
        require(bytes(broken).length == 0, broken);
        require(token.balanceOf(address(hub)) == handler.balance(), "HUB-1: coins are what came in less what went out");
        uint256 total;
        uint256 leaving;
        for (uint256 i = 0; i < 2; i++) {
            address name = handler.operators(i);
            Hub.OperatorState memory operator = hub.operator_state(name);
            total += operator.delegated + operator.bond;
            leaving += operator.bond_leaving;
            (uint256 first,) = hub.position(name, handler.delegators(0));
            (uint256 second,) = hub.position(name, handler.delegators(1));
            require(first + second == operator.shares, "HUB-17: a pool's shares are its owners'");
            require(operator.delegated <= operator.shares, "HUB-8: a share is worth at most a coin");
        }
        Hub.Totals memory totals = hub.totals();
        uint256 owed = totals.stake + totals.insurance + leaving + handler.owed();
        require(handler.balance() >= owed, "HUB-1: coins cover what is owed");
        require(totals.stake == total, "HUB-17: the total is the sum of bonds and pools");
    }
}

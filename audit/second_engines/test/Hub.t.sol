// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Code, HubSlots} from "../generated/Code.sol";
import {Kit, START, Token, vm} from "./Kit.sol";

interface Hub {
    struct OperatorState {
        uint256 bound;
        uint256 exposure;
        uint256 delegated;
        uint256 shares;
        uint256 generation;
        uint256 unbonding;
        uint256 commission_bps;
        uint256 epoch;
    }

    function list_service(address service, uint256 horizon, uint256 max_multiple) external;
    function register_operator(uint256 commission, string calldata metadata) external;
    function stake(address operator, uint256 amount, uint256 least, uint256 sub) external returns (uint256);
    function unstake(address operator, uint256 shares, uint256 least, uint256 sub) external returns (uint256);
    function withdraw(uint256 ticket, uint256 sub) external returns (uint256);
    function claim_rewards(address operator, address receiver, uint256 sub) external returns (uint256);
    function collect(address receiver, uint256 sub) external returns (uint256);
    function lock(address service, address operator, uint256 amount) external;
    function set_multiple(address service, uint256 multiple) external;
    function poke(address operator, address service) external;
    function bind(address operator, uint256 amount) external returns (uint256);
    function unlock(address operator, uint256 amount, uint256 bound) external;
    function slash(address operator, uint256 damages, uint256 penalty) external returns (uint256, uint256, uint256);
    function reward(address operator, uint256 amount) external;
    function fund_emission(uint256 amount) external returns (uint256);
    function lock_of(address service, address operator) external view returns (uint256);
    function operator_state(address operator) external view returns (OperatorState memory);
    function position(address operator, address owner) external view returns (uint256, uint256);
    function credit(address owner) external view returns (uint256);
}

/// The actions of audit/second_engines/forge_mirror.py, one call each. Nobody foresees a refusal; it must only be one in words.
contract HubHandler is Kit {
    uint256 constant COIN = 10 ** 18;
    uint256 constant EPOCH = 86_400;
    uint256 constant UNBONDING = 14 * EPOCH;
    uint256 constant TICKETS = 8;
    uint256 constant LOCK = 2_000 * COIN; // of each operator at each service
    address constant INSURANCE = address(0x15);
    address constant TREASURY = address(0x7e);

    Token public token;
    Hub public hub;
    address[2] public operators = [address(0xb1), address(0xb2)];
    address[2] public delegators = [address(0xd1), address(0xd2)];
    address[2] public services = [address(0x5e), address(0x5f)];
    uint256 public balance = 4 * LOCK; // what came in less what went out
    mapping(address => uint256[]) tickets;

    constructor() {
        token = deployToken(address(this));
        hub = Hub(create(abi.encodePacked(Code.STAKING_HUB, hubArguments())));
        for (uint256 i = 0; i < 6; i++) {
            token.transfer(anyone(i), 10 ** 25);
            vm.prank(anyone(i));
            token.approve(address(hub), type(uint256).max);
        }
        hub.list_service(services[0], 7 * EPOCH, 4);
        hub.list_service(services[1], UNBONDING, 2);
        for (uint256 i = 0; i < operators.length; i++) {
            vm.prank(operators[i]);
            hub.register_operator(1_000, "");
            for (uint256 j = 0; j < services.length; j++) openLock(operators[i], services[j]);
        }
        vm.warp(block.timestamp + 2 * UNBONDING + EPOCH);
        for (uint256 i = 0; i < operators.length; i++) {
            for (uint256 j = 0; j < services.length; j++) hub.poke(operators[i], services[j]);
        }
    }

    function hubArguments() internal view returns (bytes memory) {
        return abi.encode(
            token, address(this), INSURANCE, TREASURY, UNBONDING, EPOCH, uint256(40), uint256(1_461)
        );
    }

    function openLock(address operator, address service) internal {
        vm.startPrank(operator);
        hub.lock(service, operator, LOCK);
        hub.set_multiple(service, 2);
        vm.stopPrank();
        vm.prank(service);
        hub.bind(operator, LOCK / 2);
    }

    /// Pools, locks and credits.
    function owed() external view returns (uint256 sum) {
        sum = hub.credit(INSURANCE) + hub.credit(TREASURY);
        for (uint256 i = 0; i < 6; i++) sum += hub.credit(anyone(i));
        for (uint256 i = 0; i < 2; i++) {
            sum += hub.operator_state(operators[i]).delegated;
            for (uint256 j = 0; j < 2; j++) sum += hub.lock_of(services[j], operators[i]);
        }
    }

    function one(address[2] storage from, uint256 seed) internal view returns (address) {
        return from[seed & 1];
    }

    function anyone(uint256 seed) internal view returns (address) {
        seed %= 6;
        return seed < 2 ? operators[seed] : seed < 4 ? delegators[seed - 2] : services[seed - 4];
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
        try hub.stake(operator, put, 0, 0) returns (uint256 shares) {
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
        try hub.unstake(operator, shares, 0, 0) returns (uint256 ticket) {
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
        try hub.withdraw(ticket, 0) returns (uint256 paid) {
            balance -= paid;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function claim_rewards(uint256 who, uint256 which, uint256 receiver) external {
        address operator = one(operators, which);
        address to = anyone(receiver);
        vm.prank(one(delegators, who));
        try hub.claim_rewards(operator, to, 0) returns (uint256 paid) {
            balance -= paid;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function collect(uint256 who, uint256 receiver) external {
        address to = anyone(receiver);
        vm.prank(anyone(who));
        try hub.collect(to, 0) returns (uint256 paid) {
            balance -= paid;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    /// As much as the larger of a service's two locks.
    function locked(address service) internal view returns (uint256) {
        uint256 first = hub.lock_of(service, operators[0]);
        uint256 second = hub.lock_of(service, operators[1]);
        return first > second ? first : second;
    }

    function lock(uint256 who, uint256 where, uint256 which, uint256 seed) external {
        address sender = anyone(who);
        uint256 put = amount(seed, coins(sender));
        vm.prank(sender);
        try hub.lock(one(services, where), one(operators, which), put) {
            balance += put;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function set_multiple(uint256 who, uint256 where, uint256 multiple) external {
        vm.prank(one(operators, who));
        try hub.set_multiple(one(services, where), multiple % 6) {}
        catch (bytes memory data) {
            refused(data);
        }
    }

    function poke(uint256 who, uint256 which, uint256 where) external {
        vm.prank(anyone(who));
        try hub.poke(one(operators, which), one(services, where)) {}
        catch (bytes memory data) {
            refused(data);
        }
    }

    function bind_some(uint256 who, uint256 which, uint256 seed) external {
        address sender = one(services, who);
        address operator = one(operators, which);
        uint256 asked = amount(seed, locked(sender));
        uint256 there = hub.lock_of(sender, operator);
        vm.prank(sender);
        try hub.bind(operator, asked) returns (uint256 set) {
            check(set == min(asked, there), "HUB-12: bound another amount");
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function unlock(uint256 who, uint256 which, uint256 seed, uint256 other) external {
        address sender = one(services, who);
        uint256 limit = locked(sender);
        uint256 freed = amount(seed, limit);
        uint256 kept = amount(other, limit);
        vm.prank(sender);
        try hub.unlock(one(operators, which), freed, kept) {}
        catch (bytes memory data) {
            refused(data);
        }
    }

    function slash(uint256 who, uint256 which, uint256 seed, uint256 other) external {
        address sender = one(services, who);
        address operator = one(operators, which);
        uint256 damages = amount(seed, locked(sender));
        uint256 penalty = amount(other, locked(sender));
        uint256 there = hub.lock_of(sender, operator);
        vm.prank(sender);
        try hub.slash(operator, damages, penalty) returns (uint256 taken, uint256 lost, uint256) {
            check(taken <= damages && lost <= penalty, "HUB-19: took more than asked");
            bool same_ = there - hub.lock_of(sender, operator) == taken + lost;
            check(same_, "HUB-19: took something else than the lock lost");
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function reward(uint256 who, uint256 which, uint256 seed) external {
        address sender = one(services, who);
        uint256 put = amount(seed, coins(sender));
        address operator = one(operators, which);
        vm.prank(sender);
        try hub.reward(operator, put) {
            balance += put;
        } catch (bytes memory data) {
            refused(data);
        }
    }

    function fund_emission(uint256 who, uint256 seed) external {
        address sender = one(services, who);
        uint256 put = amount(seed, coins(sender));
        vm.prank(sender);
        try hub.fund_emission(put) returns (uint256 taken) {
            check(taken <= put, "RWD-1: took more than was offered");
            balance += taken;
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
        require(handler.balance() >= handler.owed(), "HUB-1: coins cover what is owed");
        uint256 weight;
        for (uint256 i = 0; i < 2; i++) weight += operatorWeight(handler.operators(i));
        uint256 total = uint256(vm.load(address(hub), bytes32(HubSlots.EMISSION_TOTALS))) & type(uint96).max;
        require(total == weight, "HUB-12: the weight is the sum over operators");
    }

    /// Wei that earn for one operator, after its entries were read.
    function operatorWeight(address name) internal view returns (uint256) {
        Hub.OperatorState memory operator = hub.operator_state(name);
        (uint256 first,) = hub.position(name, handler.delegators(0));
        (uint256 second,) = hub.position(name, handler.delegators(1));
        require(first + second == operator.shares, "HUB-12: a pool's shares are its owners'");
        require(operator.delegated <= operator.shares, "HUB-8: a share is worth at most a coin");
        uint256 bound;
        uint256 exposure;
        for (uint256 i = 0; i < 2; i++) {
            uint256 word = lockWord(handler.services(i), name);
            uint256 part = word >> 96 & type(uint96).max;
            require(part <= word & type(uint96).max, "HUB-12: what is bound is within its lock");
            bound += part;
            exposure += part * earning(word >> 192);
        }
        require(operator.bound == bound, "HUB-12: bound is the sum over locks");
        require(operator.exposure == exposure, "HUB-12: exposure is the sum over locks");
        return bound + (operator.delegated < exposure ? operator.delegated : exposure);
    }

    /// Vyper hashes a map's slot before its key.
    function lockWord(address service, address operator) internal view returns (uint256) {
        bytes32 inner = keccak256(abi.encode(HubSlots.LOCKS_LOCKS, service));
        return uint256(vm.load(address(hub), keccak256(abi.encode(inner, operator))));
    }

    /// The multiple by which a lock carries delegation: one that will count less carries less already.
    function earning(uint256 multiples) internal pure returns (uint256) {
        uint256 lowering = multiples >> 30;
        return lowering > 0 ? lowering & 7 : multiples & 7;
    }
}

"""ProvenanceRegistry and Environments together: register, attest, withdraw, promote, roll back."""

from __future__ import annotations

from typing import Any

from audit.systems._registry import UNKNOWN, Place
from audit.systems._registry_labels import RegistryLabels
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice, Flag
from keifu.keys import keccak256
from keifu.provenance import Heartbeat, heartbeat_digest
from keifu.spec.kinds import RUNNABLE

NAMES = ("production", "staging", "")


class Provenance(RegistryLabels):
    """Nothing that was recorded ever changes but its status, and nothing runs without its policy."""

    # environments -----------------------------------------------------------------------------------------------------

    def policy_fails(self, policy: list[tuple[bytes, int, int, list[str]]]) -> str | None:
        for _, needed, _, attesters in policy:
            if not 0 < needed <= len(attesters):
                return "environments: needed out of range"
            if len(set(attesters)) < len(attesters):
                return "environments: attester named twice"
        return None

    def place_id(self, owner: str, name: str) -> bytes:
        head = (self.evm.chain_id, int(self["environments"], 16), int(owner, 16), 128, len(name))
        return keccak256(b"".join(item.to_bytes(32, "big") for item in head) + name.encode().ljust(32, b"\0"))

    @action("", Choice(NAMES), Choice("policies"), Flag(), Choice("addresses"), weight=5)
    def declare(self, who: str, name: str, policy: list[Any], sound: bool, to: str) -> Steps:
        place = self.place_id(who, name)
        fails = self.policy_fails(policy)
        if place in self.places:
            fails = "environments: already declared"
        if not name:
            fails = "environments: empty name"
        returned = yield self.tx("environments.declare_environment", name, policy, sound, to, sender=who, fails=fails)
        if fails is None:
            assert returned == place, "declare_environment returns the id"
            self.places[place] = Place(who, name, [(self.now, policy, sound)], restitutions=[(self.now, to)])
            if self.sometimes():
                self.emitted("environments.Declared", environment=place, owner=who, name=name)

    def known(self, who: str) -> list[bytes]:
        """Environments, one's own three times as often."""
        own = [place for place, item in self.places.items() if self.people.acts(who, item.owner)]
        return own * 3 + [*self.places, UNKNOWN]

    def not_owner(self, who: str, place: bytes) -> str | None:
        own = place in self.places and self.people.acts(who, self.places[place].owner)
        return None if own else "environments: not the owner"

    @action("", Choice("known", UNKNOWN), Choice("policies"), Flag())
    def announce(self, who: str, place: bytes, policy: list[Any], sound: bool) -> Steps:
        fails = self.not_owner(who, place)
        if fails is None:
            pending = self.places[place].policies[-1][0] > self.now
            fails = "environments: a policy is under notice" if pending else self.policy_fails(policy)
        yield self.tx("environments.announce_policy", place, policy, sound, sender=who, fails=fails)
        if fails is None:
            self.places[place].policies.append((self.now + self.notice, policy, sound))

    @action("", Choice("known", UNKNOWN), Choice("addresses"))
    def announce_restitution(self, who: str, place: bytes, to: str) -> Steps:
        fails = self.not_owner(who, place)
        if fails is None and self.places[place].restitutions[-1][0] > self.now:
            fails = "environments: an address is under notice"
        yield self.tx("environments.announce_restitution", place, to, sender=who, fails=fails)
        if fails is None:
            self.places[place].restitutions.append((self.now + self.notice, to))

    def in_force(self, item: Place) -> tuple[int, list[Any], bool]:
        counting = (policy for policy in reversed(item.policies) if policy[0] <= self.now)
        found: tuple[int, list[Any], bool] = next(counting)
        return found

    def met(self, item: Place, artefact: bytes, any_age: bool) -> bool:
        for schema, needed, age, attesters in self.in_force(item)[1]:
            since = self.now - age if age and not any_age else 0
            said = [self.said.get((attester, schema, artefact)) for attester in attesters]
            if sum(found is not None and found.stands(self.now) and found.time >= since for found in said) < needed:
                return False
        return True

    def promotion_fails(self, item: Place, artefact: bytes, any_age: bool) -> str | None:
        if artefact not in self.records or self.words[artefact][3] != 1:
            return "environments: artefact is not active"
        if self.records[artefact].kind not in RUNNABLE:
            return "environments: nothing runs this kind"
        if not self.met(item, artefact, any_age):
            return "environments: policy is not met"
        return "environments: lineage is not sound" if self.in_force(item)[2] and not self.is_sound(artefact) else None

    def promoted(self, place: bytes, artefact: bytes, returned: bytes) -> None:
        item = self.places[place]
        item.promotions.append((artefact, self.evm.block_number))
        assert int.from_bytes(returned, "big") == len(item.promotions), "promotions are numbered in order"
        if self.sometimes():
            self.emitted("environments.Promoted", environment=place, seq=len(item.promotions), artefact=artefact)

    def pairs(self, who: str) -> list[tuple[bytes, bytes]]:
        """Environments and records: as many that can be promoted there as others."""
        others = [(place, artefact) for place in self.known(who)[-4:] for artefact in self.ids(who)[-4:]]
        own = [place for place, item in self.places.items() if self.people.acts(who, item.owner)]
        active = [number for number, word in self.words.items() if word[3] == 1]
        good = [
            (place, artefact)
            for place in own[-3:]
            for artefact in active[-8:]
            if self.promotion_fails(self.places[place], artefact, False) is None
        ]
        return good * (len(others) // max(len(good), 1) + 1) + others

    @action("", Choice("pairs"), weight=14)
    def promote(self, who: str, pair: tuple[bytes, bytes]) -> Steps:
        yield from self.promote_once(who, *pair)

    def promote_once(self, who: str, place: bytes, artefact: bytes) -> Steps:
        fails = self.not_owner(who, place)
        if fails is None:
            fails = self.promotion_fails(self.places[place], artefact, False)
        returned = yield self.tx("environments.promote", place, artefact, sender=who, fails=fails)
        if fails is None:
            self.promoted(place, artefact, returned)

    @action("", Choice("pairs"), Choice((*[2] * 9, 256)), weight=1)
    def promote_often(self, who: str, pair: tuple[bytes, bytes], times: int) -> Steps:
        """Many promotions in a row: a history longer than a byte counts."""
        place, artefact = pair
        could = self.not_owner(who, place) is None and self.promotion_fails(self.places[place], artefact, False) is None
        for _ in range(times if could else 1):
            yield from self.promote_once(who, place, artefact)

    @action("", Choice("known", UNKNOWN), Choice((1, 1, 1, 2, 0)), weight=6)
    def rollback(self, who: str, place: bytes, number: int) -> Steps:
        fails = self.not_owner(who, place)
        artefact = UNKNOWN
        if fails is None:
            item = self.places[place]
            if not 0 < number < len(item.promotions):
                fails = "environments: not an earlier promotion"
            else:
                artefact = item.promotions[number - 1][0]
                fails = self.promotion_fails(item, artefact, True)
        returned = yield self.tx("environments.rollback", place, number, sender=who, fails=fails)
        if fails is None:
            if self.sometimes():
                seq = len(self.places[place].promotions) + 1
                self.emitted("environments.RolledBack", environment=place, seq=seq, to_seq=number)
            self.promoted(place, artefact, returned)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("ENV-1")
    def environments_follow(self) -> bool:
        """Owner, number of promotions and of policies are the model's."""
        return all(
            self.place_word(place) == int(item.owner, 16) | len(item.promotions) << 160 | len(item.policies) << 200
            for place, item in self.places.items()
        )

    @invariant("ENV-4", at_end=True)
    def current_and_history(self) -> bool:
        """What runs now, and what ran at any past block, is what was promoted."""
        self.evm.mine()
        for place, item in self.places.items():
            if not self.runs(place, item):
                return False
            for block in {1, *(block for _, block in item.promotions)}:
                ran = [artefact for artefact, at in item.promotions if at <= block]
                found = self.contract("environments").at(place, block)
                if tuple(found) != ((ran[-1], len(ran)) if ran else (bytes(32), 0)):
                    return False
        return True

    def runs(self, place: bytes, item: Place) -> bool:
        """Every value of `current`, and of each promotion."""
        places, wanted = self.contract("environments"), (bytes(32), 0, False)
        if item.promotions:
            artefact = item.promotions[-1][0]
            demanded = self.in_force(item)[2]
            ok = self.words[artefact][3] == 1 and self.met(item, artefact, False)
            wanted = (artefact, len(item.promotions), ok and (not demanded or self.is_sound(artefact)))
        given = [(seq, promoted) for seq, promoted in enumerate([*item.promotions, (bytes(32), 0)], 1)]
        return tuple(places.current(place)) == wanted and all(
            tuple(places.promotion(place, seq)) == promoted for seq, promoted in given
        )

    @invariant("ENV-3", at_end=True)
    def policies_are_read_back(self) -> bool:
        """Every policy, past, present or under notice, and whom restitution goes to."""
        places = self.contract("environments")
        for place, item in self.places.items():
            for version, (since, entries, sound) in enumerate(item.policies, 1):
                from_, found, demanded = places.policy_of(place, version)
                plain = [(bytes(e[0]), e[1], e[2], list(e[3])) for e in found]
                if (from_, plain, demanded) != (since, [(s, n, a, list(who)) for s, n, a, who in entries], sound):
                    return False
            version = sum(since <= self.now for since, _, _ in item.policies)
            if places.environment_id(item.owner, item.name) != place:
                return False
            if tuple(places.environment_of(place)) != (item.owner, len(item.promotions), version):
                return False
            to = next(to for since, to in reversed(item.restitutions) if since <= self.now)
            if places.restitution_of(place) != to:
                return False
        return True

    @invariant("ENV-6", at_end=True)
    def heartbeats(self) -> bool:
        """Only a heartbeat that names another digest than the promoted artefact's is evidence."""
        node = self["author"]
        for place, item in list(self.places.items())[:1]:
            for seq, (artefact, _) in list(enumerate(item.promotions, 1))[:2]:
                record = self.records[artefact]
                for digest in (record.digest, b"\xee" * 32):
                    beat = Heartbeat(node, place, seq, digest, self.now)
                    signature = self.keys[node].sign(heartbeat_digest(self.beats, beat))
                    said = self.ask("environments.is_heartbeat_false", beat.args, signature, record.args)
                    if bool(said) != (digest != record.digest):
                        return False
                    for given in (signature, signature[:-1] + b"\x05"):
                        if bool(self.ask("environments.is_heartbeat_signed", beat.args, given)) != (given == signature):
                            return False
        return True

"""AgentReputation and AgentValidation at their edges: values to the last bit, lists to the last place, and the log.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from audit.systems._agents_edges import BUSY, CLIENTS, FULL, PLAIN, READABLE, REQUESTED, IdentityEdges, request_of
from audit.systems._hub_edges import way
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.agent_limits import BEST, LARGEST, MAX_DECIMALS

__all__ = ["AgentsEdges"]

TOO_MUCH, TOO_LARGE = "reputation: too much to read", "reputation: mean too large"
NO_FEEDBACK, NO_REQUEST = "reputation: no such feedback", "validation: no such request"
ITSELF, NOT_VALIDATOR = "reputation: agent speaks of itself", "validation: not the validator"
LISTED = 500  # requests that one call reads
HASH = keccak256(b"file")


class AgentsEdges(IdentityEdges):
    """Short ways of clients and validators."""

    contracts = ("AgentIdentity", "AgentReputation", "AgentValidation")

    def saying(
        self, value: int, decimals: int = 0, tags: tuple[str, str] = ("", ""), sender: str = "client",
        agent: int = PLAIN, fails: str | None = None,
    ) -> Any:  # fmt: skip
        args = agent, value, decimals, *tags, "endpoint", "uri", HASH
        return self.tx("reputation.giveFeedback", *args, sender=self[sender], fails=fails)

    def reputation(self, function: str, *args: Any, sender: str = "client", fails: str | None = None) -> Any:
        return self.tx(f"reputation.{function}", *args, sender=self[sender], fails=fails)

    def validation(self, function: str, *args: Any, sender: str = "owner", fails: str | None = None) -> Any:
        return self.tx(f"validation.{function}", *args, sender=self[sender], fails=fails)

    def summary(self, agent: int, *roles: str, tags: tuple[str, str] = ("", "")) -> Any:
        return self.view("reputation.getSummary", agent, [self[role] for role in roles], *tags)

    # reputation -------------------------------------------------------------------------------------------------------

    @way(Choice((LARGEST, -LARGEST, LARGEST - 1, 0, 1, -1)), Choice((0, 1, MAX_DECIMALS)))
    def a_value(self, who: str, value: int, decimals: int) -> Steps:
        """Kept to the last bit, with its number, tags and edition; the log has all of it."""
        client, tags = self["client"], ("uptime", "week")
        too_large = "reputation: value too large"
        for wrong in (LARGEST + 1, -LARGEST - 1):
            yield self.saying(wrong, decimals, fails=too_large)
        yield self.saying(value, MAX_DECIMALS + 1, fails="reputation: too many decimals")
        yield self.saying(value, decimals, sender="owner", fails=ITSELF)
        yield self.saying(value, decimals, tags)
        self.emitted(
            "reputation.NewFeedback", agentId=PLAIN, clientAddress=client, feedbackIndex=1, value=value,
            valueDecimals=decimals, tag1=tags[0], tag2=tags[1], endpoint="endpoint", feedbackURI="uri",
            feedbackHash=HASH,
        )  # fmt: skip
        assert self.view("reputation.readFeedback", PLAIN, client, 1) == (value, decimals, *tags, False)
        assert self.summary(PLAIN, "client") == (1, value, decimals)
        assert self.ask("reputation.getLastIndex", PLAIN, client) == 1
        assert self.ask("reputation.feedback_edition", PLAIN, client, 1) == 1
        for index in (0, 2):
            assert self.refused(NO_FEEDBACK, "reputation.readFeedback", PLAIN, client, index)
            assert self.refused(NO_FEEDBACK, "reputation.feedback_edition", PLAIN, client, index)

    @way()
    def operators_do_not_speak(self, who: str) -> Steps:
        yield self.identity("setApprovalForAll", self["buyer"], True)
        yield self.identity("approve", self["client"], PLAIN)
        for role in ("buyer", "client"):
            yield self.saying(1, sender=role, fails=ITSELF)
        yield self.saying(1, sender="stranger")

    @way()
    def clients_in_order(self, who: str) -> Steps:
        """In the order in which they first spoke, each once, from any number on."""
        order = ("other client", "client", "stranger")
        for role in (*order, "client", "other client"):
            yield self.saying(1, sender=role)
        found = tuple(self[role] for role in order)
        for start in range(4):
            assert tuple(who.lower() for who in self.view("reputation.clients_from", PLAIN, start)) == found[start:]
        assert tuple(who.lower() for who in self.view("reputation.getClients", PLAIN)) == found
        assert tuple(self.view("reputation.getClients", 7)) == ()

    @way()
    def reads_all(self, who: str) -> Steps:
        """Everything with its tags, of those named or of all; what was revoked where it is asked for."""
        client, other = self["client"], self["other client"]
        yield self.saying(1, 0, ("a", "x"))
        yield self.saying(-2, 3, ("b", "x"))
        yield self.saying(3, 18, ("a", "y"), sender="other client")
        yield self.reputation("revokeFeedback", PLAIN, 2)
        self.emitted("reputation.FeedbackRevoked", agentId=PLAIN, clientAddress=client, feedbackIndex=2)
        yield self.reputation("revokeFeedback", PLAIN, 2, fails="reputation: was revoked")
        for index in (0, 3):
            yield self.reputation("revokeFeedback", PLAIN, index, fails=NO_FEEDBACK)
        assert self.view("reputation.readFeedback", PLAIN, client, 2) == (-2, 3, "b", "x", True)
        lines = [
            (client, 1, 1, 0, "a", "x", False), (client, 2, -2, 3, "b", "x", True), (other, 1, 3, 18, "a", "y", False),
        ]  # fmt: skip
        for named in ([], [client], [other], [other, client]):
            for tags in (("", ""), ("a", ""), ("", "x"), ("a", "x"), ("b", "y")):
                for gone in (True, False):
                    wanted = [
                        line
                        for who in (named or [client, other])
                        for line in lines
                        if line[0] == who
                        and tags[0] in ("", line[4])
                        and tags[1] in ("", line[5])
                        and (gone or not line[6])
                    ]
                    found = self.view("reputation.readAllFeedback", PLAIN, named, *tags, gone)
                    assert [(line[0].lower(), *line[1:]) for line in zip(*found, strict=True)] == wanted

    @way(
        Choice(
            (
                ((5, 0), (40, 1)),
                ((5, 0), (50, 1), (7, 1)),
                ((1, 0), (1, 18)),
                ((-7, 0), (-8, 0)),
                ((10, 2), (1, 0), (3, 2), (4, 0)),
            )
        )
    )
    def summaries(self, who: str, said: tuple[tuple[int, int], ...]) -> Steps:
        """The mean, in the decimals that most feedback used, the fewest of them; cut towards nought."""
        for value, decimals in said:
            yield self.saying(value, decimals, ("t", "u"))
        used = [decimals for _, decimals in said]
        most = max(set(used), key=lambda decimals: (used.count(decimals), -decimals))
        mean = sum(Fraction(value, 10**decimals) for value, decimals in said) / len(said)
        assert self.summary(PLAIN, "client") == (len(said), int(mean * 10**most), most)
        assert self.summary(PLAIN, "client", "client")[0] == 2 * len(said)
        assert self.summary(PLAIN, "stranger") == (0, 0, 0)
        assert self.summary(PLAIN, "client", tags=("t", "x")) == (0, 0, 0)
        assert self.summary(PLAIN, "client", tags=("t", "u"))[0] == len(said)
        assert self.refused("reputation: no clients named", "reputation.getSummary", PLAIN, [], "", "")

    @way(Choice((0, 1)))
    def the_largest_mean(self, who: str, more: int) -> Steps:
        """A mean of tenths that is the largest number of the answer, or a tenth above it."""
        most = 2**127 - 1 + more
        whole, tenths = divmod(5 * most, 10)
        for value, decimals in ((whole, 0), (0, 0), (tenths, 1), (0, 1), (0, 1)):
            yield self.saying(value, decimals)
        if more:
            assert self.refused(TOO_LARGE, "reputation.getSummary", PLAIN, [self["client"]], "", "")
        else:
            assert self.summary(PLAIN, "client") == (5, most, 1)

    @way()
    def a_mean_that_no_word_holds(self, who: str) -> Steps:
        """Whole numbers decide the decimals, and one of eighteen makes the mean too large."""
        yield self.saying(LARGEST, 0)
        yield self.saying(LARGEST, 0)
        for _ in range(3):
            yield self.saying(1, MAX_DECIMALS)
        assert self.refused(TOO_LARGE, "reputation.getSummary", PLAIN, [self["client"]], "", "")

    @way()
    def fullest_lists(self, who: str) -> Steps:
        """One call reads as much as it says, and refuses one more."""
        client = self["client"]
        assert self.summary(BUSY, "client")[0] == READABLE
        assert self.refused(TOO_MUCH, "reputation.readAllFeedback", BUSY, [client], "", "", False)
        assert self.view("reputation.readAllFeedback", BUSY, [client], "none", "", False)[0] == ()
        users = [f"0x{place + 1:040x}" for place in range(CLIENTS)]
        assert [who.lower() for who in self.view("reputation.getClients", FULL)] == users
        assert len(self.view("reputation.readAllFeedback", FULL, [], "", "", False)[0]) == CLIENTS
        yield self.saying(1, agent=BUSY)
        assert self.refused(TOO_MUCH, "reputation.getSummary", BUSY, [client], "", "")
        assert self.refused(TOO_MUCH, "reputation.readAllFeedback", BUSY, [client], "none", "", False)
        yield self.saying(1, agent=FULL, sender="stranger")
        assert self.refused(TOO_MUCH, "reputation.readAllFeedback", FULL, [], "", "", False)
        assert [who.lower() for who in self.view("reputation.clients_from", FULL, CLIENTS)] == [self["stranger"]]
        assert len(self.view("reputation.clients_from", FULL, 1)) == CLIENTS

    @way()
    def responses(self, who: str) -> Steps:
        """Counted for one feedback, for a client and for an agent; of everybody, or of those named."""
        client, other, owner, stranger = (self[role] for role in ("client", "other client", "owner", "stranger"))
        yield self.saying(1)
        yield self.saying(2)
        yield self.saying(3, sender="other client")
        nowhere = "reputation: response is nowhere"
        yield self.reputation("appendResponse", PLAIN, client, 1, "", HASH, fails=nowhere)
        for index in (0, 3):
            yield self.reputation("appendResponse", PLAIN, client, index, "uri", HASH, fails=NO_FEEDBACK)
        given = (("owner", client, 1), ("owner", client, 1), ("stranger", client, 2), ("owner", other, 1))
        for role, about, index in given:
            yield self.reputation("appendResponse", PLAIN, about, index, "u", HASH, sender=role)
            self.emitted(
                "reputation.ResponseAppended", agentId=PLAIN, clientAddress=about, feedbackIndex=index,
                responder=self[role], responseURI="u", responseHash=HASH,
            )  # fmt: skip
        for about in (client, other, ZERO_ADDRESS):
            for index in (0, 1, 2):
                for named in ([], [owner], [stranger], [owner, stranger], [ZERO_ADDRESS], [client]):
                    wanted = sum(
                        (about in (ZERO_ADDRESS, at))
                        and (about == ZERO_ADDRESS or index in (0, place))
                        and (not named or self[role] in named)
                        for role, at, place in given
                    )
                    assert self.ask("reputation.getResponseCount", PLAIN, about, index, named) == wanted

    @way()
    def editions(self, who: str) -> Steps:
        """Other data begins a summary anew, visibly; what is carried counts on, once."""
        first, second = (self.view("nft.data_hash_of", token) for token in self.tokens[:2])
        unchanged, nothing = "reputation: data has not changed", "reputation: nothing to carry"
        yield self.reputation("carry", PLAIN, "why", HASH, fails="reputation: not authorized")
        assert self.view("reputation.edition_of", BUSY) == (0, 0, bytes(32))
        yield self.reputation("carry", BUSY, "why", HASH, sender="owner", fails=nothing)
        yield self.saying(10)
        self.emitted("reputation.ReputationReset", agent_id=PLAIN, edition=1, data_before=bytes(32), data=first)
        assert self.view("reputation.edition_of", PLAIN) == (1, 1, first)
        yield self.reputation("note_change", PLAIN, fails=unchanged)
        yield self.identity("bind_data", PLAIN, self.tokens[1])
        assert self.view("reputation.edition_of", PLAIN) == (2, 2, second)
        assert self.summary(PLAIN, "client") == (0, 0, 0)
        yield self.reputation("note_change", PLAIN, sender="stranger")
        self.emitted("reputation.ReputationReset", agent_id=PLAIN, edition=2, data_before=first, data=second)
        yield self.reputation("note_change", PLAIN, fails=unchanged)
        yield self.saying(20)
        assert self.summary(PLAIN, "client") == (1, 20, 0)
        yield self.reputation("carry", PLAIN, "why", HASH, sender="owner")
        self.emitted(
            "reputation.ReputationCarried", agent_id=PLAIN, edition=2, since=1, by=self["owner"], reason_uri="why",
            reason_hash=HASH,
        )  # fmt: skip
        assert self.summary(PLAIN, "client") == (2, 15, 0)
        assert self.view("reputation.edition_of", PLAIN) == (2, 1, second)
        yield self.reputation("carry", PLAIN, "why", HASH, sender="owner", fails=nothing)
        yield self.identity("bind_data", PLAIN, self.tokens[0])
        yield self.saying(30)
        assert self.summary(PLAIN, "client") == (1, 30, 0)
        assert self.ask("reputation.feedback_edition", PLAIN, self["client"], 3) == 3
        with self.evm.anchor():
            yield self.reputation("carry", PLAIN, "why", HASH, sender="owner")
            self.emitted("reputation.ReputationCarried", edition=3, since=1)
            assert self.summary(PLAIN, "client") == (3, 20, 0)
        yield self.identity("bind_data", PLAIN, 0)
        yield self.reputation("carry", PLAIN, "why", HASH, sender="owner")
        self.emitted("reputation.ReputationReset", edition=4, data_before=first, data=bytes(32))
        self.emitted("reputation.ReputationCarried", edition=4, since=3)

    # validation -------------------------------------------------------------------------------------------------------

    @way()
    def requests(self, who: str) -> Steps:
        """Asked by the owner, once; listed for agent and validator."""
        validator, one, two = self["validator"], keccak256(b"one"), keccak256(b"two")
        args = validator, PLAIN, "uri", one
        yield self.validation("validationRequest", *args, sender="stranger", fails="validation: not authorized")
        nobody = ZERO_ADDRESS, *args[1:]
        yield self.validation("validationRequest", *nobody, fails="validation: no validator")
        yield self.validation("validationRequest", *args)
        self.emitted(
            "validation.ValidationRequest", validatorAddress=validator, agentId=PLAIN, requestURI="uri",
            requestHash=one,
        )  # fmt: skip
        asked = self.now
        validator_of = self.view("validation.getValidationStatus", one)
        assert (validator_of[0].lower(), *validator_of[1:]) == (validator, PLAIN, 0, bytes(32), "", asked)
        assert self.refused(NO_REQUEST, "validation.getValidationStatus", two)
        yield self.validation("validationRequest", *args, fails="validation: was requested")
        with self.evm.anchor():
            yield self.validation("validationRequest", validator, BUSY, "", two)
            assert self.view("validation.getValidationStatus", two)[1] == BUSY
        yield self.validation("validationRequest", self["client"], PLAIN, "", two)
        assert tuple(self.view("validation.getAgentValidations", PLAIN)) == (one, two)
        assert tuple(self.view("validation.requests_from", PLAIN, 1)) == (two,)
        assert tuple(self.view("validation.requests_from", PLAIN, 2)) == ()
        assert tuple(self.view("validation.getValidatorRequests", self["client"])) == (two,)
        assert tuple(self.view("validation.requests_to", validator, LISTED)) == (one,)
        assert tuple(self.view("validation.getSummary", PLAIN, [], "")) == (0, 0)

    @way(Choice((0, 1, BEST)))
    def answers(self, who: str, response: int) -> Steps:
        """From the validator that was asked, as often as it likes; the last one counts."""
        validator, client, one, two = self["validator"], self["client"], keccak256(b"one"), keccak256(b"two")
        yield self.validation("validationRequest", validator, PLAIN, "uri", one)
        yield self.validation("validationRequest", client, PLAIN, "uri", two)
        args = one, response, "uri", HASH, "audit"
        yield self.validation("validationResponse", bytes(32), *args[1:], fails=NO_REQUEST)
        yield self.validation("validationResponse", *args, sender="client", fails=NOT_VALIDATOR)
        above = one, BEST + 1, *args[2:]
        too_good = "validation: response above 100"
        yield self.validation("validationResponse", *above, sender="validator", fails=too_good)
        self.evm.warp(60)
        yield self.validation("validationResponse", *args, sender="validator")
        self.emitted(
            "validation.ValidationResponse", validatorAddress=validator, agentId=PLAIN, requestHash=one,
            response=response, responseURI="uri", responseHash=HASH, tag="audit",
        )  # fmt: skip
        found = self.view("validation.getValidationStatus", one)
        assert (found[0].lower(), *found[1:]) == (validator, PLAIN, response, HASH, "audit", self.now)
        yield self.validation("validationResponse", two, 50, "", bytes(32), "other", sender="client")
        for named, tag, wanted in (
            ([], "", (2, (response + 50) // 2)),
            ([validator], "", (1, response)),
            ([client], "", (1, 50)),
            ([client], "audit", (0, 0)),
            ([], "a", (0, 0)),
            ([], "audit", (1, response)),
            ([], "none", (0, 0)),
        ):
            assert tuple(self.view("validation.getSummary", PLAIN, named, tag)) == wanted
        yield self.validation("validationResponse", one, 7, "", bytes(32), "audit", sender="validator")
        assert tuple(self.view("validation.getSummary", PLAIN, [], "audit")) == (1, 7)

    @way()
    def fullest_requests(self, who: str) -> Steps:
        validator, more = self["validator"], keccak256(b"more")
        asked = tuple(request_of(place) for place in range(LISTED))
        assert tuple(self.view("validation.getAgentValidations", REQUESTED)) == asked
        assert tuple(self.view("validation.getValidatorRequests", validator)) == asked
        yield self.validation("validationResponse", asked[-1], 9, "", HASH, "", sender="validator")
        assert tuple(self.view("validation.getSummary", REQUESTED, [], "")) == (1, 9)
        yield self.validation("validationRequest", validator, REQUESTED, "", more)
        assert self.refused("validation: too much to read", "validation.getSummary", REQUESTED, [], "")
        assert tuple(self.view("validation.getAgentValidations", REQUESTED)) == asked
        assert tuple(self.view("validation.requests_from", REQUESTED, 1)) == (*asked[1:], more)
        assert tuple(self.view("validation.requests_to", validator, LISTED)) == (more,)

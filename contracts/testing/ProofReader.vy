# pragma version 0.4.3
"""
@title ProofReader
@license MIT
@notice Another token contract that asks a verifier: it says what it moves, and passes on what the verifier answers.
@custom:kill Not deployed.
"""

from ..interfaces import IDataVerifier

moving: public(IDataVerifier.Move)


@external
def read(
    _verifier: address, _move: IDataVerifier.Move, _proofs: DynArray[IDataVerifier.TransferValidityProof, 8]
) -> DynArray[IDataVerifier.TransferValidityProofOutput, 8]:
    self.moving = _move
    return extcall IDataVerifier(_verifier).verifyTransferValidity(_proofs)

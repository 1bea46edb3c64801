# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title InferenceVerifier
@license MIT
@notice Computes one lane of one operator of a token model again, from what was committed, and says whether another was
    committed there: true is proof of a wrong answer. Formats and arithmetic are docs/inference-program.md, to the bit.
@dev A call holds no coins and changes nothing. Descriptors, weights and lanes open against roots; where they stand
    follows from the descriptor and from the lane, and malformed openings revert. A claim is what the caller has fixed
    before: a contract that believes an answer has to bind it to a receipt itself.
    Sums that are long or scattered: the provider shows sums of parts, and one part, or the total, is computed again.
@custom:security It believes the program root: weights that were registered wrongly are a wrong model, computed rightly.
@custom:kill There is nothing to stop: it has no state, and nobody's coins.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IInferenceVerifier

implements: IInferenceVerifier

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import inference_layers as layers

exports: (
    layers.embedding,
    layers.norm,
    layers.linear,
    layers.token,
)

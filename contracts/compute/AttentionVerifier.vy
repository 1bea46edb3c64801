# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title AttentionVerifier
@license MIT
@notice The second half of InferenceVerifier: operators of token models that read other positions, or no weights. True
    is proof of a wrong answer.
@dev What InferenceVerifier says of claims and openings holds here, too.
@custom:security It believes the program root, as InferenceVerifier does.
@custom:kill There is nothing to stop: it has no state, and nobody's coins.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAttentionVerifier

implements: IAttentionVerifier

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import inference_attention as attention
from .lib import inference_gates as gates

exports: (
    attention.rotation,
    attention.score,
    attention.maximum,
    attention.total,
    attention.attended,
    gates.gated,
    gates.exponent,
)

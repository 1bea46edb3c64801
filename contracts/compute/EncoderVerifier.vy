# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title EncoderVerifier
@license MIT
@notice The fifth part of InferenceVerifier: operators of models that make one vector of a text. True is proof of a wrong
    answer.
@dev What InferenceVerifier says of claims and openings holds here, too. Attention of such models is AttentionVerifier's.
@custom:security It believes the program root, as InferenceVerifier does.
@custom:kill There is nothing to stop: it has no state, and nobody's coins.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IEncoderVerifier

implements: IEncoderVerifier

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import inference_encoders as encoders

exports: (
    encoders.normalised,
    encoders.tabled,
    encoders.added,
    encoders.placed,
    encoders.pooled,
)

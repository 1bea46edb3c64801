# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title PictureVerifier
@license MIT
@notice The fourth part of InferenceVerifier: operators that go over a picture. True is proof of a wrong answer.
@dev What InferenceVerifier says of claims and openings holds here, too. A picture's dense layer is a convolution of one
    place, and its argmax a token of unit rows.
@custom:security It believes the program root, as InferenceVerifier does.
@custom:kill There is nothing to stop: it has no state, and nobody's coins.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IPictureVerifier

implements: IPictureVerifier

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import inference_pictures as pictures

exports: (
    pictures.convolved,
    pictures.largest,
    pictures.bounded,
)

# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title TraceVerifier
@license MIT
@notice The third part of InferenceVerifier: says whether the parts of a token model's trace do not hang together, or not
    with the tokens of its receipt. True is proof of a wrong answer.
@dev What is bound is what the caller has fixed before, as claims are. A tensor of another number of chunks than its
    operator makes is found here, too: what stands in it could not be opened. So is a token that its receipt's drawing
    does not draw.
@custom:security It believes the program root, as InferenceVerifier does.
@custom:kill There is nothing to stop: it has no state, and nobody's coins.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import ITraceVerifier

implements: ITraceVerifier

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import inference_drawing as drawing
from .lib import trace_links as links

exports: (
    drawing.drawn,
    links.source,
    links.given,
    links.answered,
    links.returned,
    links.kept,
    links.made,
    links.pictured,
    links.shape,
    links.filling,
)

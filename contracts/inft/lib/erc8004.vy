# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Version of ERC-8004's contracts
@license MIT
@notice The registries of agents have the calls, events and answers of the deployed contracts of this version.
"""

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

VERSION: constant(String[5]) = "2.0.0"


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@pure
@reentrant
def getVersion() -> String[5]:
    """
    @notice Version of the contracts whose calls, events and answers these are.
    """
    return VERSION

# pragma version 0.4.3
"""
@title PlainMulticall
@license MIT
@notice Stands for Multicall3 on a test's chain: its `tryAggregate`, by which x402's facilitator reads.
"""


struct Call:
    target: address
    callData: Bytes[4_096]


struct Result:
    success: bool
    returnData: Bytes[1_024]


@external
@payable
def tryAggregate(requireSuccess: bool, calls: DynArray[Call, 8]) -> DynArray[Result, 8]:
    results: DynArray[Result, 8] = []
    for call: Call in calls:
        success: bool = False
        data: Bytes[1_024] = b""
        success, data = raw_call(call.target, call.callData, max_outsize=1_024, revert_on_failure=False)
        assert success or not requireSuccess, "multicall: call failed"
        results.append(Result(success=success, returnData=data))
    return results

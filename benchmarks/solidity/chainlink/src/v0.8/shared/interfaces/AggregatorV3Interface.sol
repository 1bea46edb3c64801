// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// The part of a price feed that Sablier's comptroller calls; its npm dependency brings a whole oracle tool chain.
interface AggregatorV3Interface {
    function decimals() external view returns (uint8);

    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

// The few things that a flow needs, by ethers.
import { Contract, Interface, JsonRpcProvider, TypedDataEncoder, Wallet } from "ethers";

export function library(rpc) {
  const provider = new JsonRpcProvider(rpc, undefined, { polling: true, pollingInterval: 20, cacheTimeout: -1 });
  const at = ({ address, abi }, runner) => new Contract(address, abi, runner);
  return {
    account: (key) => new Wallet(key).address,
    read: (contract, name, args) => at(contract, provider)[name](...args),
    data: ({ abi }, name, args) => new Interface(abi).encodeFunctionData(name, args),
    hash: ({ domain, types, message }) => TypedDataEncoder.hash(domain, types, message),
    sign: (key, { domain, types, message }) => new Wallet(key).signTypedData(domain, types, message),
    async write(key, contract, name, args) {
      const sent = await at(contract, new Wallet(key, provider))[name](...args);
      const { logs } = await sent.wait();
      const known = new Interface(contract.abi);
      return logs.map((log) => known.parseLog(log)).filter(Boolean).map(({ name, args }) => ({ eventName: name, args }));
    },
    async refusal(key, contract, name, args) {
      try {
        await at(contract, new Wallet(key, provider))[name].staticCall(...args);
      } catch (error) {
        return error.reason;
      }
    },
  };
}

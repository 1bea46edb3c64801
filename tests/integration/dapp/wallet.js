// Put into a page before its own scripts: wallets that announce themselves (EIP-6963). What they are asked, the tests answer.
(() => {
  for (const info of WALLETS) {
    const listeners = {};
    const emit = (name, value) => (listeners[name] ?? []).forEach((listener) => listener(value));
    const provider = {
      async request({ method, params = [] }) {
        const asked = new URLSearchParams({ wallet: info.uuid, ask: JSON.stringify({ method, params }) });
        const answer = await (await fetch(`/wallet?${asked}`)).json();
        if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
        if (method === "wallet_switchEthereumChain") emit("chainChanged", params[0].chainId);
        return answer.result;
      },
      on: (name, listener) => (listeners[name] ??= []).push(listener),
      removeListener: (name, listener) => (listeners[name] = listeners[name].filter((one) => one !== listener)),
    };
    window.addEventListener(`test:${info.uuid}`, ({ detail: [name, value] }) => emit(name, value));
    const announce = () =>
      window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  }
  for (const detail of [null, {}, { info: {} }, { info: { uuid: "1", name: 2 }, provider: {} }]) {
    window.addEventListener("eip6963:requestProvider", () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail })));
  }
})();

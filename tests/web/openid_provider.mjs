// An OpenID provider on the loopback address: openid_provider.mjs PACKAGES PORT REDIRECT_URI
// Whoever signs in is who they say; "unverified+" before an address says that it was never confirmed.
const [packages, port, redirectUri] = process.argv.slice(2);
const { Provider } = await import(`file://${packages}/oidc-provider/lib/index.js`);

const claimsOf = (id) => ({
  sub: id,
  email: id.replace("unverified+", ""),
  email_verified: !id.startsWith("unverified+"),
  name: "Ada Lovelace",
});
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "shipmark", client_secret: "a secret: with %", redirect_uris: [redirectUri] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));

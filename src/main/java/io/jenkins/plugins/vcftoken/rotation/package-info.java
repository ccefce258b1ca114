/**
 * Token families and their durable ledger: requests access tokens with stored secrets, and keeps rotated refresh
 * tokens. A rotated refresh token is on disk before its access token is used, and none is sent twice while a refusal
 * could revoke a valid access token.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.rotation.TokenManager}; its method {@code refresh} follows the
 * steps of docs/internals/rotation.md. Lock order: the lock of a family ({@code InterProcessLocks}: a thread lock, then
 * a byte of the lock file), then {@code TokenFamilyStore}; no thread locks two families at a time. Requests run on
 * request threads, which block on the network under the family's lock; write-backs run on the write-back thread, and
 * lock the family only for a {@code VersionedSecret}. Methods that return a {@code CompletableFuture} do not block on
 * the network. Nothing here imports Jenkins: cipher, hash, directory, clock and threads are passed in.
 */
package io.jenkins.plugins.vcftoken.rotation;

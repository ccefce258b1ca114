/**
 * Token families and their durable ledger: how a stored secret becomes an access token, with rotated refresh tokens
 * never lost and never sent twice while anything could be lost by it.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.rotation.TokenManager}; its method {@code refresh} reads as the
 * steps of docs/internals/rotation.md. Lock order: a family's lock ({@code InterProcessLocks}: its thread lock, then its byte of
 * the lock file), then {@code TokenFamilyStore}; no thread locks two families at a time. Requests run on request
 * threads, which block on the network under the family's lock; write-backs run on a thread of their own, without a
 * lock. Methods that return a {@code CompletableFuture} do not block on the network. Nothing here imports Jenkins:
 * cipher, hash, directory, clock and threads are passed in.
 */
package io.jenkins.plugins.vcftoken.rotation;

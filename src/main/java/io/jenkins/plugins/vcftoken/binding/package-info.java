/**
 * Access tokens in builds: {@code withVcfToken}, {@code vcfTokenRefresh} and the wrapper of freestyle projects.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.binding.TokenBlock}, which holds the lease of one block and owns
 * its variables, masks and files. {@code IssuedTokens.publish} alone makes an access token visible to a block, and
 * masks it first.
 *
 * <p>Locks: that of a lease may be held while those of {@code IssuedTokens} and {@code BlockTokenFiles} are taken,
 * which take no other lock. Threads: blocks are opened and renewed on threads of the plugin and of Jenkins; the
 * Pipeline's thread reads memory only; files are written and deleted by {@code TokenFileRegistry}, on one thread for
 * each node.
 */
package io.jenkins.plugins.vcftoken.binding;

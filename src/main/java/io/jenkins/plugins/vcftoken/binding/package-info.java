/**
 * Access tokens in builds: {@code withVcfToken}, {@code vcfTokenRefresh}, and the build wrapper of freestyle projects.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.binding.TokenBlock}, which holds the leases of one block, and owns
 * its variables, masks and files. Tokens become visible to a block only through {@code BlockTokens.publish}, which
 * masks them first.
 *
 * <p>Lock order: lease, then {@code BlockTokens} or {@code BlockTokenFiles}, which take no other locks. Threads:
 * blocks are opened and renewed on threads of the plugin and of Jenkins. The thread of the Pipeline only reads memory.
 * {@code TokenFileRegistry} writes and deletes files, on one thread for each node.
 */
package io.jenkins.plugins.vcftoken.binding;

/**
 * The entry point {@link io.jenkins.plugins.vcftoken.VcfTokenService} and its wiring: what the packages below, which do not
 * know Jenkins, need of this controller (HTTP clients, keys, threads, listeners), device authorization, and the listeners and
 * periodic work that keep the ledger in step with Jenkins.
 *
 * <p>Threads: "vcf-token request" threads wait for servers, one "vcf-token write-back" thread saves stores, and the timer of
 * Jenkins starts renewals. Lock order: the service's own monitor guards its lazily created fields and is not held while a
 * lock of a family or store is taken.
 */
package io.jenkins.plugins.vcftoken;

/**
 * The entry point {@link io.jenkins.plugins.vcftoken.VcfTokenService} and the integration of the Jenkins-independent
 * packages ({@code oauth}, {@code rotation}, {@code lease}) with the controller: HTTP clients, keys, threads and
 * listeners. Also owns device authorization and the periodic work on the ledger.
 *
 * <p>Threads: "vcf-token request" threads wait for servers, one "vcf-token write-back" thread saves credentials stores,
 * and {@code jenkins.util.Timer} starts renewals. Lock order: the monitor of {@code VcfTokenService} guards its lazily
 * created fields and is released before a lock of a token family or store is acquired.
 */
package io.jenkins.plugins.vcftoken;

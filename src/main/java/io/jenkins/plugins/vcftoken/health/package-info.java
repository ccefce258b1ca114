/**
 * What administrators and users see of their tokens: the pages {@code …/vcf-tokens/} with their JSON, three
 * administrative monitors, the audit log and the metrics. Nothing depends on this package. Its entry points are {@link
 * io.jenkins.plugins.vcftoken.health.TokenListPage}, whose requests read the ledger, and {@link
 * io.jenkins.plugins.vcftoken.health.HealthMonitorWork}, which checks all shared credentials on a thread of its own;
 * monitors read its result from memory. Audit log and metrics are called on the threads of token requests and blocks.
 * Each class guards its own fields, and no lock is held while another class is called, but by a page, which serves one
 * request.
 */
package io.jenkins.plugins.vcftoken.health;

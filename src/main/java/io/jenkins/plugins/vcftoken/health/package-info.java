/**
 * Token status for users and administrators: the pages {@code …/vcf-tokens/} and their JSON API, administrative
 * monitors, CLI commands, audit log and metrics. No other package depends on this one. Entry points are {@link
 * io.jenkins.plugins.vcftoken.health.TokenListPage}, which reads the ledger in each request, and {@link
 * io.jenkins.plugins.vcftoken.health.HealthMonitorWork}, which checks all shared credentials on its own thread;
 * monitors read the result from memory.
 *
 * <p>Threads: audit log and metrics are called on the threads of token requests and blocks. Each class guards its own
 * fields. Only pages, which serve one request each, hold their lock during calls to other classes.
 */
package io.jenkins.plugins.vcftoken.health;

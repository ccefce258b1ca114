package io.jenkins.plugins.vcftoken.simulator;

/** A request and its response without {@link Fault}. */
record RecordedExchange(Call call, Reply reply) {}

package io.jenkins.plugins.vcftoken.simulator;

/** A request and its answer, as they went over the wire when no fault struck. */
record Traffic(Call call, Reply reply) {}

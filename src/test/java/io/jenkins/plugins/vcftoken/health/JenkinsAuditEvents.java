package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.jvnet.hudson.test.LogRecorder;

/** Records the audit log and parses its lines. */
final class JenkinsAuditEvents implements AutoCloseable {

    private final LogRecorder log;

    JenkinsAuditEvents(Level level) {
        log = new LogRecorder().record(AuditLog.NAME, level).capture(1000);
    }

    List<String> lines() {
        return log.getMessages();
    }

    /** Events that appear in the main log of Jenkins by default. */
    List<Map<String, Object>> atLevelInfo() {
        return log.getRecords().stream()
                .filter(line -> line.getLevel().intValue() >= Level.INFO.intValue())
                .map(line -> parse(line.getMessage()))
                .toList();
    }

    List<Map<String, Object>> all() {
        return lines().stream().map(JenkinsAuditEvents::parse).toList();
    }

    List<Map<String, Object>> named(String event) {
        return all().stream()
                .filter(fields -> event.equals(fields.get("event")))
                .toList();
    }

    Map<String, Object> only(String event) {
        List<Map<String, Object>> events = named(event);
        assertThat(events).hasSize(1);
        return events.get(0);
    }

    private static Map<String, Object> parse(String line) {
        try {
            return new ObjectMapper().readValue(line, new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new AssertionError(line, e);
        }
    }

    @Override
    public void close() {
        log.close();
    }
}

package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Parser of ConfigMaps and Secrets in the protobuf encoding of Kubernetes, which kubectl and helm use for built-in
 * types. Field numbers are from <a
 * href="https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding">runtime.Unknown</a> and
 * {@code k8s.io/api/core/v1/generated.proto}.
 */
final class KubernetesProtobuf {

    static final String TYPE = "application/vnd.kubernetes.protobuf";

    private static final byte[] MAGIC = {'k', '8', 's', 0};

    private KubernetesProtobuf() {}

    static ObjectNode read(byte[] body) throws KubernetesError {
        try {
            if (body.length < MAGIC.length || !Arrays.equals(MAGIC, Arrays.copyOf(body, MAGIC.length))) {
                throw invalidFormat();
            }
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            byte[][] raw = {{}};
            forEachField(Arrays.copyOfRange(body, MAGIC.length, body.length), (number, value) -> {
                switch (number) {
                    case 1 -> copyStrings(value, object, Map.of(1, "apiVersion", 2, "kind"));
                    case 2 -> raw[0] = value;
                    default -> {}
                }
            });
            boolean secret = object.path("kind").asText().equals("Secret");
            if (!secret && !object.path("kind").asText().equals("ConfigMap")) {
                throw invalidFormat();
            }
            forEachField(raw[0], (number, value) -> {
                switch (number) {
                    case 1 -> metadata(value, object.putObject("metadata"));
                    case 2 ->
                        entry(
                                value,
                                (key, bytes) -> object.withObject("/data")
                                        .put(key, secret ? Base64.getEncoder().encodeToString(bytes) : text(bytes)));
                    case 3 -> {
                        if (secret) {
                            object.put("type", text(value));
                        }
                    }
                    default -> {}
                }
            });
            return object;
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw invalidFormat();
        }
    }

    private static KubernetesError invalidFormat() {
        return new KubernetesError(400, "BadRequest", "the body of the request was in an unknown format");
    }

    private static void metadata(byte[] message, ObjectNode metadata) {
        copyStrings(message, metadata, Map.of(1, "name", 3, "namespace", 6, "resourceVersion"));
        Map<Integer, String> maps = Map.of(11, "labels", 12, "annotations");
        forEachField(message, (number, value) -> {
            if (maps.containsKey(number)) {
                entry(
                        value,
                        (key, bytes) ->
                                metadata.withObject('/' + maps.get(number)).put(key, text(bytes)));
            }
        });
    }

    /** Copies the non-empty strings. */
    private static void copyStrings(byte[] message, ObjectNode object, Map<Integer, String> names) {
        forEachField(message, (number, value) -> {
            if (names.containsKey(number) && value.length > 0) {
                object.put(names.get(number), text(value));
            }
        });
    }

    private static void entry(byte[] message, BiConsumer<String, byte[]> consumer) {
        Map<Integer, byte[]> entry = new LinkedHashMap<>();
        forEachField(message, entry::put);
        consumer.accept(text(entry.getOrDefault(1, new byte[0])), entry.getOrDefault(2, new byte[0]));
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Visits the length-delimited fields; skips numbers. */
    private static void forEachField(byte[] message, BiConsumer<Integer, byte[]> consumer) {
        ByteBuffer in = ByteBuffer.wrap(message);
        while (in.hasRemaining()) {
            long tag = varint(in);
            switch ((int) (tag & 7)) {
                case 0 -> varint(in);
                case 1 -> in.getLong();
                case 2 -> {
                    byte[] value = new byte[Math.toIntExact(Math.min(varint(in), in.remaining() + 1L))];
                    in.get(value);
                    consumer.accept((int) (tag >>> 3), value);
                }
                case 5 -> in.getInt();
                default -> throw new IllegalArgumentException("wire type of " + tag);
            }
        }
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        int shift = 0;
        byte next;
        do {
            next = in.get();
            value |= (long) (next & 0x7f) << shift;
            shift += 7;
        } while (next < 0);
        return value;
    }
}

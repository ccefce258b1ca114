package io.jenkins.plugins.vcftoken.attack;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * Searches a heap dump (HPROF 1.0.2, eight-byte IDs) for texts, in all arrays of bytes and characters. These include
 * strings, which store their characters in byte arrays, and buffers.
 */
final class HeapDump {

    private static final int[] TYPE_SIZES = {0, 0, 8, 0, 1, 2, 4, 8, 1, 2, 4, 8};
    private static final int CHAR = 5;
    private static final int BYTE = 8;

    /** Larger arrays are neither strings nor buffers of the plugin, but for example JAR files. */
    private static final int MAX_ARRAY_BYTES = 1 << 20;

    private final DataInputStream in;
    private final Collection<String> needles;
    private final Set<String> found = new TreeSet<>();
    private long remaining;

    private HeapDump(DataInputStream in, Collection<String> needles) {
        this.in = in;
        this.needles = needles;
    }

    /** @return needles that occur in an array */
    static Set<String> find(Path file, Collection<String> needles) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 20))) {
            HeapDump dump = new HeapDump(in, needles);
            dump.read();
            return dump.found;
        }
    }

    private void read() throws IOException {
        while (in.readByte() != 0) {
            // Skips the name of the format.
        }
        if (in.readInt() != 8) {
            throw new IOException("unsupported ID size");
        }
        in.readLong();
        for (int tag = in.read(); tag >= 0; tag = in.read()) {
            in.readInt();
            remaining = Integer.toUnsignedLong(in.readInt());
            if (tag == 0x0c || tag == 0x1c) {
                while (remaining > 0) {
                    readRecord();
                }
            } else {
                skip(remaining);
            }
        }
    }

    private void readRecord() throws IOException {
        int tag = unsignedByte();
        switch (tag) {
            case 0xff, 0x05, 0x07 -> skip(8);
            case 0x01, 0x02, 0x03, 0x08 -> skip(16);
            case 0x04, 0x06 -> skip(12);
            case 0x20 -> skipClass();
            case 0x21 -> {
                skip(20);
                skip(unsignedInt());
            }
            case 0x22 -> {
                skip(12);
                skip(8 + 8 * unsignedInt());
            }
            case 0x23 -> readArray();
            default -> throw new IOException("unknown heap record " + tag);
        }
    }

    private void skipClass() throws IOException {
        skip(8 + 4 + 6 * 8 + 4);
        for (int constants = unsignedShort(); constants > 0; constants--) {
            skip(2);
            skip(TYPE_SIZES[unsignedByte()]);
        }
        for (int statics = unsignedShort(); statics > 0; statics--) {
            skip(8);
            skip(TYPE_SIZES[unsignedByte()]);
        }
        skip(9L * unsignedShort());
    }

    private void readArray() throws IOException {
        skip(12);
        long count = unsignedInt();
        int type = unsignedByte();
        long length = count * TYPE_SIZES[type];
        if ((type != BYTE && type != CHAR) || length > MAX_ARRAY_BYTES) {
            skip(length);
            return;
        }
        byte[] bytes = in.readNBytes((int) length);
        remaining -= length;
        String narrow = new String(bytes, StandardCharsets.ISO_8859_1);
        // Character arrays are dumped in big-endian order; UTF-16 strings are in the byte order of the machine.
        String wide = new String(bytes, type == CHAR ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_16LE);
        for (String needle : needles) {
            if (narrow.contains(needle) || wide.contains(needle)) {
                found.add(needle);
            }
        }
    }

    private void skip(long bytes) throws IOException {
        in.skipNBytes(bytes);
        remaining -= bytes;
    }

    private int unsignedByte() throws IOException {
        remaining -= 1;
        return in.readUnsignedByte();
    }

    private int unsignedShort() throws IOException {
        remaining -= 2;
        return in.readUnsignedShort();
    }

    private long unsignedInt() throws IOException {
        remaining -= 4;
        return Integer.toUnsignedLong(in.readInt());
    }
}

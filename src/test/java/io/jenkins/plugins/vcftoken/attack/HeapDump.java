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
 * Which texts stand in a heap dump (HPROF 1.0.2, eight-byte IDs): in strings, which are arrays of bytes, and in all other
 * arrays of bytes and characters, such as buffers.
 */
final class HeapDump {

    private static final int[] SIZES = {0, 0, 8, 0, 1, 2, 4, 8, 1, 2, 4, 8};
    private static final int CHAR = 5;
    private static final int BYTE = 8;

    /** Longer ones are no strings and no buffers of ours: whole plugins, for example. */
    private static final int LONGEST = 1 << 20;

    private final DataInputStream in;
    private final Collection<String> needles;
    private final Set<String> found = new TreeSet<>();
    private long left;

    private HeapDump(DataInputStream in, Collection<String> needles) {
        this.in = in;
        this.needles = needles;
    }

    /** @return those of the needles that some array contains */
    static Set<String> find(Path file, Collection<String> needles) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 20))) {
            HeapDump dump = new HeapDump(in, needles);
            dump.read();
            return dump.found;
        }
    }

    private void read() throws IOException {
        while (in.readByte() != 0) {
            // The format's name.
        }
        if (in.readInt() != 8) {
            throw new IOException("IDs of another size");
        }
        in.readLong();
        for (int tag = in.read(); tag >= 0; tag = in.read()) {
            in.readInt();
            left = Integer.toUnsignedLong(in.readInt());
            if (tag == 0x0c || tag == 0x1c) {
                while (left > 0) {
                    readRecord();
                }
            } else {
                skip(left);
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
            skip(SIZES[unsignedByte()]);
        }
        for (int statics = unsignedShort(); statics > 0; statics--) {
            skip(8);
            skip(SIZES[unsignedByte()]);
        }
        skip(9L * unsignedShort());
    }

    private void readArray() throws IOException {
        skip(12);
        long count = unsignedInt();
        int type = unsignedByte();
        long length = count * SIZES[type];
        if ((type != BYTE && type != CHAR) || length > LONGEST) {
            skip(length);
            return;
        }
        byte[] bytes = in.readNBytes((int) length);
        left -= length;
        String narrow = new String(bytes, StandardCharsets.ISO_8859_1);
        // Characters are dumped with the high byte first; a string that is not all Latin has them as the machine does.
        String wide = new String(bytes, type == CHAR ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_16LE);
        for (String needle : needles) {
            if (narrow.contains(needle) || wide.contains(needle)) {
                found.add(needle);
            }
        }
    }

    private void skip(long bytes) throws IOException {
        in.skipNBytes(bytes);
        left -= bytes;
    }

    private int unsignedByte() throws IOException {
        left -= 1;
        return in.readUnsignedByte();
    }

    private int unsignedShort() throws IOException {
        left -= 2;
        return in.readUnsignedShort();
    }

    private long unsignedInt() throws IOException {
        left -= 4;
        return Integer.toUnsignedLong(in.readInt());
    }
}

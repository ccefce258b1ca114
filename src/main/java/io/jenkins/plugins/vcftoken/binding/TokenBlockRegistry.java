package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.model.listeners.RunListener;
import hudson.slaves.ComputerListener;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import jenkins.util.Timer;

/** The open blocks of this controller. Closes the blocks of a build that ends without closing them. */
@Extension
public final class TokenBlockRegistry extends RunListener<Run<?, ?>> {

    private static final int SAVE_DELAY_SECONDS = 1;

    private final Set<TokenBlock> open = ConcurrentHashMap.newKeySet();
    private final Set<String> toBeSaved = ConcurrentHashMap.newKeySet();
    private final TokenMaskerCache maskers = new TokenMaskerCache();

    /**
     * Blocks of freestyle builds until the builds are finalized, since their logs go on after their blocks are
     * closed. By build and not by ID, which changes when the project is moved.
     */
    private final Map<Run<?, ?>, List<TokenBlock>> masked = new ConcurrentHashMap<>();

    static TokenBlockRegistry get() {
        return ExtensionList.lookupSingleton(TokenBlockRegistry.class);
    }

    TokenMaskerCache maskers() {
        return maskers;
    }

    void add(TokenBlock block) {
        open.add(block);
    }

    void remove(TokenBlock block) {
        open.remove(block);
    }

    /** Masks the access tokens of a block in the whole log of its build. */
    void addToLog(Run<?, ?> build, TokenBlock block) {
        masked.computeIfAbsent(build, same -> new CopyOnWriteArrayList<>()).add(block);
    }

    String maskLog(Run<?, ?> build, String text) {
        String result = text;
        for (TokenBlock block : masked.getOrDefault(build, List.of())) {
            result = block.masker().mask(result);
        }
        return result;
    }

    /** The variables of a freestyle build whose values contain an access token. */
    Set<String> secretVariables(Run<?, ?> build) {
        Set<String> names = new HashSet<>();
        masked.getOrDefault(build, List.of()).forEach(block -> names.addAll(block.secretVariables()));
        return names;
    }

    /** Saves a build after a moment, once for all of its blocks that get the same access token. */
    void saveSoon(String run, Runnable save) {
        if (toBeSaved.add(run)) {
            Timer.get()
                    .schedule(
                            () -> {
                                toBeSaved.remove(run);
                                save.run();
                            },
                            SAVE_DELAY_SECONDS,
                            TimeUnit.SECONDS);
        }
    }

    /** Blocks are still open here when a build was ended by "kill". */
    @Override
    public void onFinalized(@NonNull Run<?, ?> run) {
        masked.remove(run);
        for (TokenBlock block : open) {
            if (block.isOf(run)) {
                block.close();
            }
        }
        String id = run.getExternalizableId();
        TokenFileRegistry.get().deleteUnused(location -> location.run().equals(id) && !isOpen(location));
    }

    private boolean isOpen(TokenFileLocation location) {
        for (TokenBlock block : open) {
            BlockTokenFiles files = block.files();
            if (files != null && files.locations().contains(location)) {
                return true;
            }
        }
        return false;
    }

    /** On a node that reconnects, writes the files of open blocks and deletes those of builds that ended meanwhile. */
    @Extension
    public static final class NodeListener extends ComputerListener {

        @Override
        public void onOnline(Computer computer, TaskListener listener) {
            String node = computer.getName();
            TokenBlockRegistry blocks = get();
            for (TokenBlock block : blocks.open) {
                BlockTokenFiles files = block.files();
                if (files != null) {
                    files.rewriteNode(node);
                }
            }
            TokenFileRegistry.get().deleteUnused(location -> location.node().equals(node) && !blocks.isOpen(location));
        }
    }
}

package io.jenkins.plugins.vcftoken.binding;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * Maskers of open blocks. Blocks with the same tokens share one masker, because it is larger than the rest of a block.
 * Holds weak references, so that no token outlives its blocks. Thread-safe; no method does I/O.
 */
final class TokenMaskerCache {

    private final Map<TokenMasker, WeakReference<TokenMasker>> cache = new WeakHashMap<>();

    synchronized TokenMasker getOrCreate(List<String> tokens) {
        TokenMasker masker = new TokenMasker(TokenEncodings.of(tokens), null);
        WeakReference<TokenMasker> cached = cache.get(masker);
        TokenMasker shared = cached == null ? null : cached.get();
        if (shared != null) {
            return shared;
        }
        cache.put(masker, new WeakReference<>(masker));
        return masker;
    }
}

package io.jenkins.plugins.vcftoken.binding;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * The maskers of open blocks. Blocks with the same tokens share one, since it takes more memory than all the rest of a
 * block. Keeps none, and no token, that no block has any more. For any thread; no method does I/O.
 */
final class TokenMaskerCache {

    private final Map<TokenMasker, WeakReference<TokenMasker>> known = new WeakHashMap<>();

    synchronized TokenMasker of(List<String> tokens) {
        TokenMasker masker = new TokenMasker(TokenEncodings.of(tokens), null);
        WeakReference<TokenMasker> equal = known.get(masker);
        TokenMasker shared = equal == null ? null : equal.get();
        if (shared != null) {
            return shared;
        }
        known.put(masker, new WeakReference<>(masker));
        return masker;
    }
}

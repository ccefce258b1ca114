/**
 * Finding the Jenkins credentials store that owns a credential, and writing a rotated token into it.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.store.CredentialLocator#find}. Its
 * {@link io.jenkins.plugins.vcftoken.store.StoreCredentialWriter} is used by {@code rotation} to write.
 *
 * <p>Threads and locks: look-ups run on the thread of the caller, write-backs on the write-back thread of
 * {@code VcfTokenService}. The package has no locks of its own and must be called without locks: saving a store
 * acquires the lock of the store or folder, and comparing token families may acquire the lock of a family.
 */
package io.jenkins.plugins.vcftoken.store;

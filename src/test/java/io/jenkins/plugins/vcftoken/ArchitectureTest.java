package io.jenkins.plugins.vcftoken;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.jenkins.plugins.vcftoken", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule THE_CORE_KNOWS_NO_JENKINS = noClasses()
            .that()
            .resideInAnyPackage("..exchange..", "..family..", "..lease..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("hudson..", "jenkins..", "com.cloudbees..", "org.jenkinsci..");

    /** Whatever agents could ask the controller to do would have to be proof against hostile agents. */
    @ArchTest
    static final ArchRule NOTHING_RUNS_ON_THE_CONTROLLER_AT_AN_AGENTS_WORD = noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("jenkins\\.(security\\.SlaveToMasterCallable|SlaveToMasterFileCallable)"
                    + "|jenkins\\.agents\\.ControllerToAgent.*|jenkins\\.security\\.NotReallyRoleSensitiveCallable"
                    + "|hudson\\.remoting\\.Callable|hudson\\.FilePath\\$FileCallable");

    /** What Jenkins encrypts and hashes with is for Jenkins to choose, by its FIPS mode for example. */
    @ArchTest
    static final ArchRule NO_CRYPTOGRAPHY_OF_ITS_OWN = noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("javax\\.crypto\\..*"
                    + "|java\\.security\\.(MessageDigest|Signature|SecureRandom|KeyPairGenerator|KeyFactory)"
                    + "|java\\.util\\.Random|org\\.bouncycastle\\..*");

    @ArchTest
    static final ArchRule PACKAGES_DEPEND_ON_EACH_OTHER_ONE_WAY =
            slices().matching("io.jenkins.plugins.vcftoken.(*)..").should().beFreeOfCycles();
}

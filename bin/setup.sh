# Functions and variables of the scripts in this directory, which source this file.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/vcf-token
JDK_WANTED=17
MAVEN_WANTED=3.8.0
MAVEN_OF_STANDARD_BUILD=3.9.6
MAVEN_TO_FETCH=3.9.11
DEPENDENCY_PLUGIN=3.9.0

# Timeouts for the Jenkins artifact repository, in milliseconds; Maven before 3.9 uses the wagon options.
IMPATIENT=(-Daether.connector.connectTimeout=5000 -Daether.connector.requestTimeout=20000
  -Daether.connector.http.retryHandler.count=0 -Dmaven.wagon.http.retryHandler.count=0 -Dmaven.wagon.rto=20000)

say() { printf '%s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

need_jdk() {
  local javac=javac version
  if [ -n "${JAVA_HOME:-}" ]; then
    javac=$JAVA_HOME/bin/javac
    [ -x "$javac" ] || die "JAVA_HOME is $JAVA_HOME, but there is no JDK: bin/javac is missing. Set it to a JDK $JDK_WANTED or newer, or unset it."
  fi
  command -v "$javac" > /dev/null || die "no JDK found. Install one, $JDK_WANTED or newer (on Debian: apt-get install openjdk-$JDK_WANTED-jdk-headless)."
  version=$("$javac" -version 2>&1 | sed 's/^javac \([0-9.]*\).*/\1/')
  at_least "$version" "$JDK_WANTED" || die "javac $version is too old: a JDK $JDK_WANTED or newer is needed. JAVA_HOME chooses among several."
}

# Prints the version of a Maven executable; runs in / so that no .mvn/ applies.
version_of_maven() { (cd / && "$1" --version 2> /dev/null) | sed -n 's/.*Apache Maven \([0-9][0-9.]*\).*/\1/p' | head -n 1; }

need_maven() {
  command -v mvn > /dev/null || die "Maven not found. Install it, $MAVEN_WANTED or newer (on Debian: apt-get install maven)."
  MAVEN_VERSION=$(version_of_maven mvn)
  at_least "$MAVEN_VERSION" "$MAVEN_WANTED" || die "Maven $MAVEN_VERSION is too old: $MAVEN_WANTED or newer is needed."
}

need_curl() {
  command -v curl > /dev/null || die "curl not found, which the sample Jenkinsfiles call (on Debian: apt-get install curl)."
}

# Sets MAVEN to a version that the standard build accepts; downloads one from Maven Central if the installed one is too old.
need_maven_of_standard_build() {
  MAVEN=mvn
  if at_least "$MAVEN_VERSION" "$MAVEN_OF_STANDARD_BUILD"; then
    return
  fi
  MAVEN=$CACHE/apache-maven-$MAVEN_TO_FETCH/bin/mvn
  if [ -x "$MAVEN" ]; then
    return
  fi
  say "Maven $MAVEN_VERSION is too old for the standard build, which needs $MAVEN_OF_STANDARD_BUILD: downloading $MAVEN_TO_FETCH into $CACHE"
  local unpacked
  mkdir -p "$CACHE"
  unpacked=$(mktemp -d "$CACHE/unpacked.XXXXXX")
  (cd "$unpacked" && mvn -B -q "org.apache.maven.plugins:maven-dependency-plugin:$DEPENDENCY_PLUGIN:copy" \
    -Dartifact="org.apache.maven:apache-maven:$MAVEN_TO_FETCH:zip:bin" -DoutputDirectory=. &&
    "${JAVA_HOME:+$JAVA_HOME/bin/}jar" xf "apache-maven-$MAVEN_TO_FETCH-bin.zip") ||
    die "could not fetch Maven $MAVEN_TO_FETCH."
  chmod +x "$unpacked/apache-maven-$MAVEN_TO_FETCH/bin/mvn"
  mv "$unpacked/apache-maven-$MAVEN_TO_FETCH" "$CACHE"
  rm -r "$unpacked"
}

# Prints the text of the first element with this name in pom.xml.
pom_property() { sed -n "s|.*<$1>\(.*\)</$1>.*|\1|p" "$ROOT/pom.xml" | head -n 1; }

# Succeeds if Maven can resolve the parent POM of the standard build and the Jenkins core.
jenkins_resolves() {
  local probe answer=0
  probe=$(mktemp -d)
  cat > "$probe/pom.xml" << POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>probe</groupId>
  <artifactId>probe</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
$(sed -n '/<repositories>/,/<\/repositories>/p' "$ROOT/pom.xml")
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-dependency-plugin</artifactId>
        <version>$DEPENDENCY_PLUGIN</version>
        <configuration>
          <artifactItems>
            <artifactItem>
              <groupId>org.jenkins-ci.plugins</groupId>
              <artifactId>plugin</artifactId>
              <version>$(pom_property version)</version>
              <type>pom</type>
            </artifactItem>
            <artifactItem>
              <groupId>org.jenkins-ci.main</groupId>
              <artifactId>jenkins-core</artifactId>
              <version>$(pom_property jenkins.baseline)$(pom_property jenkins.version | sed 's/.*}//')</version>
            </artifactItem>
          </artifactItems>
        </configuration>
      </plugin>
    </plugins>
  </build>
</project>
POM
  (cd "$probe" && mvn -B -U "${IMPATIENT[@]}" "$@" dependency:copy) > "$probe/log" 2>&1 || answer=1
  rm -r "$probe"
  return $answer
}

# Succeeds and prints dependencies if Maven cannot resolve other dependencies of the standard build.
standard_dependencies_missing() {
  local said
  if said=$(cd "$ROOT" && "$MAVEN" -B -q "org.apache.maven.plugins:maven-dependency-plugin:$DEPENDENCY_PLUGIN:resolve" "$@" 2>&1); then
    return 1
  fi
  case $said in
    *"Could not find artifact"* | *"was not found in"* | *"Could not transfer artifact"*)
      printf '%s\n' "$said" | grep -oE '(Could not find artifact|Could not transfer artifact) [^ ]*|[^ ]+ was not found in' | sort -u | head -n 3 | paste -s -d ';'
      ;;
    *) return 1 ;;
  esac
}

# The programs of the interoperability tests, and the table of results that the tests write.
TOOLS=$CACHE/interop
INTEROP_TABLE=$ROOT/target/interop.tsv
# On two cores with an empty cache, the build of OpenTofu takes 6 minutes, that of the Kubernetes API server 5.
INTEROP_LIMIT=20m

# Succeeds and prints commands if some that interop/install needs are missing.
interop_lacks() {
  local command lacking=()
  for command in go npm python3; do
    command -v "$command" > /dev/null || lacking+=("$command")
  done
  [ ${#lacking[@]} != 0 ] && printf '%s\n' "${lacking[*]}"
}

# Prints the table of results by program.
interop_table() {
  [ -s "$INTEROP_TABLE" ] || return 0
  { printf 'tool\tversion\twhat it did\taccess tokens\t401\n' && sort "$INTEROP_TABLE"; } | awk -F '\t' '
    { for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
    END {
      for (row = 1; row <= NR; row++) {
        for (i = 1; i <= NF; i++) printf "%-*s%s", width[i], cell[row, i], i < NF ? " | " : "\n"
      }
    }'
}

# Prints the programs that could not be installed, with the reason.
interop_missing() {
  [ ! -s "$TOOLS/missing.txt" ] || sed 's/^/not installed: /' "$TOOLS/missing.txt"
}
